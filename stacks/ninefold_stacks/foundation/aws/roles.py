"""What the cluster's pods need of the stores: secrets, roles in the database, storage classes."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.batch.v1 import Job, JobSpecArgs
from pulumi_kubernetes.storage.v1 import StorageClass

from ninefold_stacks.capabilities import CONSUMERS
from ninefold_stacks.foundation.aws.database import ADMIN, NAME, PORT
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.foundation.kubernetes.stores.database import script as text_of
from ninefold_stacks.foundation.kubernetes.stores.defaults import image
from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside
from ninefold_stacks.foundation.kubernetes.workload import Amount, Part, SecretKey, Text, pod

ROLES: Final = "database-roles"
SCRIPT: Final = "roles.sh"
LONGEST: Final = 900  # seconds that the job may wait for the server
BLOCK: Final = "block"
SHARED: Final = "shared"
OWNER: Final = "1000"  # of what is in the shared volume, whoever writes it


def roles(
    site: Site,
    config: Mapping[str, Any],
    host: Text,
    passwords: Mapping[str, pulumi.Output[str]],
    addresses: str,
) -> Job:
    """Make each consumer's role and database, by the script of the database that is a pod."""
    secret = site.secret(NAME, passwords)
    script = text_of(SCRIPT)
    settings = site.settings(ROLES, {SCRIPT: script})
    flow, server = Flow(ROLES, NAME, PORT), Outside(NAME, addresses=addresses)
    site.flows("foundation", [flow], [server])
    part = Part(
        name="roles",
        image=image("database", config),
        amount=Amount("100m", "64Mi", cpu_limit="500m", memory_limit="128Mi"),
        command=["sh", f"/etc/scripts/{SCRIPT}"],
        settings={
            "CONSUMERS": " ".join(CONSUMERS),
            "PGHOST": host,
            "PGPORT": str(PORT),
            "PGSSLMODE": "require",
            # Another script or another password is another job: what has ended runs no more.
            "SCRIPT": pieces.digest(script),
            "PASSWORDS": _digest(list(passwords.values())),
        },
        secrets={"PGPASSWORD": SecretKey(secret.metadata.name, ADMIN)},
        mounts={
            "scripts": "/etc/scripts",
            "passwords": "/etc/passwords",
            "sockets": "/var/run/postgresql",
            "tmp": "/tmp",  # noqa: S108, its own
        },
    )
    volumes = [
        pieces.texts("scripts", settings),
        pieces.hidden("passwords", secret),
        pieces.scratch("sockets"),
        pieces.scratch("tmp"),
    ]
    return Job(
        ROLES,
        metadata=site.meta(ROLES, ROLES),
        spec=JobSpecArgs(
            backoff_limit=5,
            active_deadline_seconds=LONGEST,
            template=site.template(ROLES, pod([part], volumes=volumes, restart="OnFailure")),
        ),
        opts=pulumi.ResourceOptions.merge(
            site.inside(), pulumi.ResourceOptions(delete_before_replace=True)
        ),
    )


def storage(site: Site, files: Text) -> list[kubernetes.storage.v1.StorageClass]:
    """Disks for one pod, by default, and a file system for many; both are encrypted."""
    kept = "Retain" if site.protect else "Delete"
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return [
        StorageClass(
            BLOCK,
            metadata=_wide(site, BLOCK, default),
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true"},
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy=kept,
            opts=site.inside(),
        ),
        StorageClass(
            SHARED,
            metadata=_wide(site, SHARED, {}),
            provisioner="efs.csi.aws.com",
            parameters={
                "provisioningMode": "efs-ap",
                "fileSystemId": files,
                "directoryPerms": "700",
                "uid": OWNER,
                "gid": OWNER,
            },
            reclaim_policy=kept,
            opts=site.inside(),
        ),
    ]


def _wide(site: Site, name: str, annotations: Mapping[str, str]) -> Any:
    """What stands on an object of the whole cluster."""
    return kubernetes.meta.v1.ObjectMetaArgs(
        name=name, labels=dict(site.labels), annotations={**site.annotations, **annotations}
    )


def _digest(passwords: Sequence[pulumi.Output[str]]) -> pulumi.Output[str]:
    known = pulumi.Output.all(*passwords)
    return pulumi.Output.unsecret(
        known.apply(lambda all_: hashlib.sha256("\n".join(all_).encode()).hexdigest()[:16])
    )
