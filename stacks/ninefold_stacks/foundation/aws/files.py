"""A file system for what pods on several nodes write: the volume that the steps share."""

from typing import Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.foundation.aws.documents import document, without_tls
from ninefold_stacks.foundation.aws.land import Land
from ninefold_stacks.foundation.aws.network import Network

TYPE: Final = "ninefold:aws:Files"
PORT: Final = 2049


class Files(pulumi.ComponentResource):
    """Reached from the nodes only, by TLS, and backed up each day."""

    def __init__(
        self, land: Land, network: Network, key: aws.kms.Key, clients: pulumi.Input[str]
    ) -> None:
        super().__init__(TYPE, "files", {}, pulumi.ResourceOptions(parent=land.parent))
        self.land = land.below(self)
        system = aws.efs.FileSystem(
            "files",
            creation_token=land.name,
            encrypted=True,
            kms_key_id=key.arn,
            throughput_mode="elastic",
            tags={"Name": f"{land.name}-files"},
            opts=self.land.inside(data=True),
        )
        self.id = system.id
        group = network.group("files", PORT, clients)
        self.doors = [
            aws.efs.MountTarget(
                f"files-{zone}",
                file_system_id=system.id,
                subnet_id=subnet.id,
                security_groups=[group.id],
                opts=self.land.inside(),
            )
            for zone, subnet in zip(network.zones, network.stores, strict=True)
        ]
        through_a_door = {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            "Resource": [system.arn],
            "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        }
        aws.efs.FileSystemPolicy(
            "files",
            file_system_id=system.id,
            policy=document(through_a_door, without_tls("elasticfilesystem:*", [system.arn])),
            opts=self.land.inside(),
        )
        aws.efs.BackupPolicy(
            "files",
            file_system_id=system.id,
            backup_policy=aws.efs.BackupPolicyBackupPolicyArgs(status="ENABLED"),
            opts=self.land.inside(),
        )
        self.register_outputs({"id": self.id})
