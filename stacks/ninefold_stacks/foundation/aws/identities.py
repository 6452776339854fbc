"""Which workload may do what in the bucket: the least that it needs, by its own role."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.foundation.aws.documents import allow, document
from ninefold_stacks.foundation.aws.eks import Cluster
from ninefold_stacks.foundation.aws.land import Land
from ninefold_stacks.foundation.aws.object_store import Objects

TYPE: Final = "ninefold:aws:Identities"
READ: Final = ("s3:GetObject",)
WRITE: Final = (
    *READ,
    *("s3:PutObject", "s3:DeleteObject"),
    *("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
)


@dataclass(frozen=True)
class Right:
    """What a workload does below a folder of the bucket."""

    folder: str
    writes: bool


# By workload; nobody else has an identity.
RIGHTS: Final[Mapping[str, Right]] = {
    "model-registry": Right("registry", writes=True),
    "steps": Right("features", writes=True),
    "serving": Right("features", writes=False),
}


class Identities(pulumi.ComponentResource):
    """A role for each workload that opens the bucket."""

    def __init__(
        self, land: Land, cluster: Cluster, namespace: str, objects: Objects, key: aws.kms.Key
    ) -> None:
        super().__init__(TYPE, "workloads", {}, pulumi.ResourceOptions(parent=land.parent))
        own = land.below(self)
        self.roles: dict[str, pulumi.Output[str]] = {}
        for name, right in RIGHTS.items():
            role = cluster.role_of(name, namespace, name)
            aws.iam.RolePolicy(
                name, role=role.name, policy=policy(right, objects, key), opts=own.inside()
            )
            self.roles[name] = role.arn
        self.register_outputs(dict(self.roles))


def policy(right: Right, objects: Objects, key: aws.kms.Key) -> pulumi.Output[str]:
    """Objects below one folder, the names there, and the key that opens them."""
    inside = pulumi.Output.concat(objects.arn, "/", right.folder, "/*")
    names = {"StringLike": {"s3:prefix": [right.folder, f"{right.folder}/*"]}}
    keys = ("kms:Decrypt", *(("kms:GenerateDataKey",) if right.writes else ()))
    return document(
        allow(WRITE if right.writes else READ, [inside]),
        allow(["s3:ListBucket"], [objects.arn], names),
        allow(keys, [key.arn]),
    )
