"""Broken on purpose: the first failure ends the whole run."""

from collections.abc import Callable, Sequence

from .pipeline import LoopStep
from .settings import Settings


def run(settings: Settings, steps: Sequence[LoopStep], command: Callable[[LoopStep], bool]) -> None:
    """Call each step until one fails."""
    for step in steps:
        if not any(command(step) for _ in range(step.retries + 1)):
            return
