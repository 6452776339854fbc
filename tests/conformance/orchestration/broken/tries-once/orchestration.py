"""Broken on purpose: a step that fails is never tried again."""

from collections.abc import Callable, Sequence

from .pipeline import LoopStep
from .settings import Settings


def run(settings: Settings, steps: Sequence[LoopStep], command: Callable[[LoopStep], bool]) -> None:
    """Call each step once."""
    done: set[str] = set()
    for step in steps:
        if done.issuperset(step.needs) and command(step):
            done.add(step.name)
