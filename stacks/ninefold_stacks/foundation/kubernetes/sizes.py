"""How much an environment gets: the quota of its namespace and the limits of a container."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Size:
    """Amounts in the notation of Kubernetes."""

    cpu: str
    memory: str
    storage: str
    pods: int
    container_cpu: str
    container_memory: str

    def quota(self) -> dict[str, str]:
        """Hard limits over the whole namespace; limits may be twice the requests."""
        return {
            "requests.cpu": self.cpu,
            "requests.memory": self.memory,
            "limits.cpu": _doubled(self.cpu),
            "limits.memory": _doubled(self.memory),
            "requests.storage": self.storage,
            "pods": str(self.pods),
            # Reached through an ingress of the cluster only.
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }


SIZES: Final[Mapping[str, Size]] = {
    "small": Size("4", "8Gi", "20Gi", 20, "2", "4Gi"),
    "medium": Size("16", "64Gi", "200Gi", 60, "8", "32Gi"),
    "large": Size("64", "256Gi", "2000Gi", 200, "16", "128Gi"),
}


def _doubled(amount: str) -> str:
    digits = amount.rstrip("Gi")
    return f"{2 * int(digits)}{amount[len(digits) :]}"
