"""What a spec of the right form must also fulfil to mean something."""

from collections.abc import Iterator

from ninefold.spec.meaning.fault import Fault
from ninefold.spec.spec import Spec


def faults(spec: Spec) -> Iterator[Fault]:
    """Everything in the spec that contradicts itself."""
    return iter(())
