"""The environments of the product, and which of them the platform provisions."""

from collections.abc import Mapping
from typing import Final

PREFIX: Final = "AIRPORT_WEATHER"

# Made by the programs, each configured by its Pulumi.<environment>.yaml.
PROVISIONED: Final[tuple[str, ...]] = ("staging",)

# The programs of each, in the order in which one stands on the other.
PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "staging": ("foundation",),
}
# On somebody's own machine; they need nothing.
LOCAL: Final[tuple[str, ...]] = ("dev",)

DEFAULT: Final = PROVISIONED[0]


def told(named: Mapping[str, str], name: str) -> str:
    """A variable; a service of pipelines writes the name of one that is not set into it."""
    found = named.get(name, "")
    return "" if found == f"$({name})" else found
