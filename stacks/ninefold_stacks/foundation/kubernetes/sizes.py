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
        """Hard limits over the whole namespace.

        Memory that is promised twice is missing in the end; processors are only shared.
        """
        return {
            "requests.cpu": self.cpu,
            "requests.memory": self.memory,
            "limits.cpu": _times(4, self.cpu),
            "limits.memory": _times(2, self.memory),
            "requests.storage": self.storage,
            "pods": str(self.pods),
            # Reached through an ingress of the cluster only.
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }


SIZES: Final[Mapping[str, Size]] = {
    "small": Size("8", "20Gi", "60Gi", 30, "2", "4Gi"),
    "medium": Size("48", "96Gi", "400Gi", 80, "8", "32Gi"),
    "large": Size("192", "512Gi", "4000Gi", 250, "16", "128Gi"),
}


def _times(factor: int, amount: str) -> str:
    digits = amount.rstrip("Gi")
    return f"{factor * int(digits)}{amount[len(digits) :]}"
