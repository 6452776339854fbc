"""What a store is, and what it gets in an environment of each size, unless told otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ninefold_stacks import pinned
from ninefold_stacks.foundation.kubernetes.workload import Amount, mebibytes

IMAGES: Final[Mapping[str, str]] = {
    "object_store": pinned.image("docker.io/versity/versitygw"),
    "database": pinned.image("docker.io/library/postgres"),
    "key_value": pinned.image("docker.io/valkey/valkey"),
}


@dataclass(frozen=True)
class Share:
    """What one store gets, in the notation of Kubernetes."""

    cpu: str
    memory: str
    storage: str
    backup_storage: str = ""

    def amount(self) -> Amount:
        """It may take twice the processors that it asks for, and no more memory."""
        return Amount(self.cpu, self.memory, cpu_limit=_doubled(self.cpu))

    def of_memory(self, percent: int) -> int:
        """A part of the memory, in MiB."""
        return mebibytes(self.memory) * percent // 100


SHARES: Final[Mapping[str, Mapping[str, Share]]] = {
    "object_store": {
        "small": Share("250m", "512Mi", "10Gi"),
        "medium": Share("1", "2Gi", "100Gi"),
        "large": Share("4", "8Gi", "1000Gi"),
    },
    "database": {
        "small": Share("250m", "512Mi", "5Gi", "5Gi"),
        "medium": Share("2", "4Gi", "20Gi", "40Gi"),
        "large": Share("8", "32Gi", "200Gi", "400Gi"),
    },
    "key_value": {
        "small": Share("100m", "256Mi", "2Gi"),
        "medium": Share("1", "4Gi", "10Gi"),
        "large": Share("4", "16Gi", "40Gi"),
    },
}


def image(store: str, config: Mapping[str, Any]) -> str:
    """The image of a store."""
    named: str = config.get("image", IMAGES[store])
    return named


def share(store: str, size: str, config: Mapping[str, Any]) -> Share:
    """What a store gets in an environment of this size."""
    usual = SHARES[store][size]
    return Share(
        cpu=config.get("cpu", usual.cpu),
        memory=config.get("memory", usual.memory),
        storage=config.get("storage", usual.storage),
        backup_storage=config.get("backup_storage", usual.backup_storage),
    )


def _doubled(cpu: str) -> str:
    unit = "m" if cpu.endswith("m") else ""
    return f"{2 * int(cpu.removesuffix('m'))}{unit}"
