"""The environments of the product, and which of them the platform provisions."""

from typing import Final

PREFIX: Final = "FLIGHT_DELAYS"

# Made by the program in foundation/, configured by its Pulumi.<environment>.yaml.
PROVISIONED: Final[tuple[str, ...]] = ("staging",)

# On somebody's own machine; they need nothing.
LOCAL: Final[tuple[str, ...]] = ("dev",)

DEFAULT: Final = PROVISIONED[0]
