"""Broken on purpose: what depends on a failed step runs all the same."""

from collections.abc import Callable, Sequence

from .pipeline import LoopStep
from .settings import Settings


def run(settings: Settings, steps: Sequence[LoopStep], command: Callable[[LoopStep], bool]) -> None:
    """Call each step whatever came before."""
    for step in steps:
        for _ in range(step.retries + 1):
            if command(step):
                break
