"""What an environment says of its cluster, where it has one."""

from collections.abc import Iterator

from ninefold.spec.meaning.fault import Fault
from ninefold.spec.spec import Spec


def faults(spec: Spec) -> Iterator[Fault]:
    """Faults of `environments.<name>`: keys that its target has no use for."""
    for name, environment in spec.environments.items():
        if environment.target == "local" and environment.image_pull_secret:
            text = f"{name} pulls no image; remove it, or choose another target"
            yield Fault(("environments", name, "image_pull_secret"), text, True)
        if environment.target != "kubernetes" and environment.assigned_uids:
            text = f"nothing assigns users in {name}; remove it, or choose the target kubernetes"
            yield Fault(("environments", name, "assigned_uids"), text, True)
