"""Groups of nodes: the usual one, and those that only who names them gets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.aws.sizes import Size

USUAL: Final = "nodes"
LABEL: Final = "pool"
"""Label and taint of the nodes of a group, with the group's name."""
PLAIN: Final = "AL2023_x86_64_STANDARD"
WITH_GPUS: Final = "AL2023_x86_64_NVIDIA"


@dataclass(frozen=True)
class Group:
    """Nodes of one type, and between how many and how many of them there are."""

    name: str
    instance: str
    minimum: int
    maximum: int
    capacity: str = "ON_DEMAND"
    image: str = PLAIN

    @property
    def labels(self) -> dict[str, str]:
        """What pods select the nodes by."""
        return {} if self.name == USUAL else {LABEL: self.name}


def groups(config: Mapping[str, Any], size: Size) -> Iterator[Group]:
    """The groups that the namespace `cluster` asks for; the usual one comes first."""
    least = config.get("minimum", size.minimum)
    most = config.get("maximum", max(size.maximum, least))
    if most < least:
        raise ConfigError(
            f"config `cluster:maximum`: `{most}` is less than cluster:minimum; set it: "
            f"pulumi config set cluster:maximum {least}"
        )
    yield Group(USUAL, config.get("instance", size.nodes), least, most)
    for name, asked in sorted(config.get("groups", {}).items()):
        yield _group(name, asked)


def _group(name: str, asked: str) -> Group:
    instance, numbers, *words = asked.split()
    least, most = map(int, numbers.split("-"))
    if most < max(least, 1):
        raise ConfigError(
            f"config `cluster:groups`: `{asked}` has no room for a node; set it: "
            f"pulumi config set --path cluster:groups.{name} '{instance} {least}-{max(least, 1)}'"
        )
    if name == USUAL:
        raise ConfigError(
            f"config `cluster:groups`: `{USUAL}` is the usual group; name it otherwise, or set "
            f"its type: pulumi config set cluster:instance {instance}"
        )
    capacity = "SPOT" if "spot" in words else "ON_DEMAND"
    return Group(name, instance, least, most, capacity, WITH_GPUS if "gpu" in words else PLAIN)
