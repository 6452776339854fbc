"""Where the product runs."""

from typing import Literal

from ninefold.spec.base import Part
from ninefold.spec.technologies import Target
from ninefold.spec.text import Instant

Layer = Literal["foundation", "platform"]
Size = Literal["small", "medium", "large"]


class Environment(Part):
    """An environment: on which target, how large, and which layers are provisioned."""

    target: Target
    """Where it runs: this machine or a Kubernetes cluster."""
    size: Size = "small"
    """How much of everything it gets."""
    clock: Instant | None = None
    """History is replayed: this instant counts as now. Leave it out to use the wall clock."""
    layers: tuple[Layer, ...] = ("foundation", "platform")
    """What is provisioned: the foundation alone, or the platform on top of it."""
