"""Where the product runs."""

from typing import Literal

from ninefold.spec.base import Part
from ninefold.spec.technologies import Target
from ninefold.spec.text import Duration, Instant, ObjectName

Layer = Literal["foundation", "platform"]
Size = Literal["small", "medium", "large"]


class Replay(Part):
    """History goes on after the clock, one round after the other."""

    until: Instant
    """The last round ends here."""
    every: Duration
    """The length of a round."""


class Environment(Part):
    """An environment: on which target, how large, and which layers are provisioned."""

    target: Target
    """Where it runs: this machine, an existing Kubernetes cluster, or an account of AWS."""
    size: Size = "small"
    """How much of everything it gets."""
    clock: Instant | None = None
    """History is replayed: this instant counts as now. Leave it out to use the wall clock."""
    replay: Replay | None = None
    """Rounds of the loop that follow the clock; without them it stands still."""
    image_pull_secret: ObjectName | None = None
    """In a cluster: the Secret that opens the registry of the images, where it asks who pulls."""
    assigned_uids: bool = False
    """The cluster assigns users to pods and refuses those that state one, as OpenShift does."""
    layers: tuple[Layer, ...] = ("foundation", "platform")
    """What is provisioned: the foundation alone, or the platform on top of it."""
