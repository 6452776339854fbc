"""Cases that are many and alike take turns: others at another commit, all of them in the soak."""

import subprocess
from functools import cache

import pytest

from rendering import CHECKOUT


@cache
def first() -> int:
    """Where the turns of this commit begin."""
    command = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return int(commit.stdout.strip(), 16)


def marks(case: int, cases: int, picked: int) -> list[pytest.MarkDecorator]:
    """Of a number of cases so many are picked; the soak has the others."""
    return [] if (case - first()) % cases < picked else [pytest.mark.soak]
