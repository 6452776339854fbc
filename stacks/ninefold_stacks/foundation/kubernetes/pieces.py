"""Pieces that the pods of several workloads share: volumes, probes, and a word for their texts."""

import hashlib

from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    EmptyDirVolumeSourceArgs,
    ExecActionArgs,
    HTTPGetActionArgs,
    KeyToPathArgs,
    PersistentVolumeClaim,
    PersistentVolumeClaimVolumeSourceArgs,
    ProbeArgs,
    Secret,
    SecretVolumeSourceArgs,
    VolumeArgs,
)


def digest(*texts: str) -> str:
    """A word that differs for other texts: a pod that carries it starts anew with them."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def kept(name: str, claim: PersistentVolumeClaim) -> VolumeArgs:
    """A volume that outlives the pod."""
    source = PersistentVolumeClaimVolumeSourceArgs(claim_name=claim.metadata.name)
    return VolumeArgs(name=name, persistent_volume_claim=source)


def scratch(name: str, limit: str = "256Mi") -> VolumeArgs:
    """A folder that ends with the pod; with an empty limit only the node's disk is its limit."""
    return VolumeArgs(name=name, empty_dir=EmptyDirVolumeSourceArgs(size_limit=limit or None))


def memory(name: str) -> VolumeArgs:
    """A folder that never reaches a disk; it counts as the pod's memory."""
    source = EmptyDirVolumeSourceArgs(medium="Memory", size_limit="64Mi")
    return VolumeArgs(name=name, empty_dir=source)


def hidden(name: str, secret: Secret) -> VolumeArgs:
    """The values of a Secret as files, for the pod's own group only."""
    source = SecretVolumeSourceArgs(secret_name=secret.metadata.name, default_mode=0o440)
    return VolumeArgs(name=name, secret=source)


def texts(name: str, settings: ConfigMap, only: str = "") -> VolumeArgs:
    """The values of a ConfigMap as files, or one of them."""
    items = [KeyToPathArgs(key=only, path=only)] if only else None
    source = ConfigMapVolumeSourceArgs(name=settings.metadata.name, items=items)
    return VolumeArgs(name=name, config_map=source)


def answered(
    path: str, *, port: str | int = "http", every: int = 10, failures: int = 3
) -> ProbeArgs:
    """A page that is served if all is well; `port` is one of the container's, by name or number."""
    return ProbeArgs(
        http_get=HTTPGetActionArgs(path=path, port=port),
        period_seconds=every,
        timeout_seconds=5,
        failure_threshold=failures,
    )


def asked(question: str, *, every: int = 10, failures: int = 3) -> ProbeArgs:
    """A command inside the container that succeeds if all is well."""
    return ProbeArgs(
        exec_=ExecActionArgs(command=["sh", "-c", question]),
        period_seconds=every,
        timeout_seconds=5,
        failure_threshold=failures,
    )
