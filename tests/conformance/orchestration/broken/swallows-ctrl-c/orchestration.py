"""Broken on purpose: Ctrl-C counts as an ordinary end of the step."""

import contextlib
from collections.abc import Callable, Sequence

from .pipeline import LoopStep
from .settings import Settings


def run(settings: Settings, steps: Sequence[LoopStep], command: Callable[[LoopStep], bool]) -> None:
    """Call each step and go on after Ctrl-C."""
    done: set[str] = set()
    for step in steps:
        if not done.issuperset(step.needs):
            continue
        with contextlib.suppress(KeyboardInterrupt):
            if not any(command(step) for _ in range(step.retries + 1)):
                continue
        done.add(step.name)
