"""Broken on purpose: steps run in the order of their names, whatever they need."""

from collections.abc import Callable, Sequence

from .pipeline import LoopStep
from .settings import Settings


def run(settings: Settings, steps: Sequence[LoopStep], command: Callable[[LoopStep], bool]) -> None:
    """Call each step by name."""
    for step in sorted(steps, key=lambda step: step.name):
        command(step)
