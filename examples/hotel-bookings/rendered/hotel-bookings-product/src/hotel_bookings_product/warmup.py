"""What the steps will import is compiled beside the first of them, on a core that they leave free.

Python compiles a library when a process of a new environment first imports it, which doubles the
time of many a step. Here another process imports it meanwhile; how far it gets matters to nobody.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from .children import Child, Children
from .family import folder_of, uv

IMPORTS: Final = Path(__file__).with_name("imports.py")


class Warmup:
    """Runs while the loop does, for repositories whose environments are new."""

    def __init__(
        self,
        children: Children,
        repositories: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self._children = children
        self._folders = [str(folder_of(name)) for name in repositories]
        self._environment = environment
        self._child: Child | None = None

    def __enter__(self) -> Self:
        if self._folders:
            self._child = self._children.start(
                [sys.executable, "-m", __name__, *self._folders],
                folder=Path.cwd(),
                environment=self._environment,
                show=_ignore,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._child is not None:
            self._children.end(self._child)


def _ignore(_line: str) -> None:
    """Nobody waits for what it says."""


def main(folders: Sequence[str]) -> None:
    """One environment after the other, with what the steps leave of the cores."""
    os.nice(19)
    with contextlib.suppress(OSError):  # Linux may share the cores by session before it asks that
        Path("/proc/self/autogroup").write_text("19", "utf-8")
    for folder in folders:
        package = Path(folder).name.replace("-", "_")
        words = [uv(), "run", "--frozen", "python", str(IMPORTS), package]
        subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
