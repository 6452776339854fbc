"""Broken on purpose: what was done once is never asked again, even if its inputs changed."""

from collections.abc import Callable, Sequence
from typing import Final

from .pipeline import LoopStep
from .settings import Settings

DONE: Final[set[tuple[str, str]]] = set()


def run(settings: Settings, steps: Sequence[LoopStep], command: Callable[[LoopStep], bool]) -> None:
    """Call each step that was not done before."""
    state = str(settings.state)
    for step in steps:
        if (state, step.name) in DONE or any((state, need) not in DONE for need in step.needs):
            continue
        if any(command(step) for _ in range(step.retries + 1)):
            DONE.add((state, step.name))
