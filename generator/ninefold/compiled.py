"""Compiled templates, kept between runs: to compile them is almost half of a rendering."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache

if TYPE_CHECKING:
    from copier._jinja_ext import SandboxedEnvironment


class Compiled(FileSystemBytecodeCache):
    """Knows a template by its name, wherever it was fetched to; Jinja compares the content."""

    def __init__(self, folder: Path, about: str) -> None:
        super().__init__(str(folder))
        self._about = about

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Other settings or another Jinja compile the same text to something else."""
        return super().get_cache_key(f"{self._about}\0{name}")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is there, unless it is damaged."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # what reads it raises no narrower class
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it; where that cannot be done, it is compiled again the next time."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def keep(environment: "SandboxedEnvironment") -> "SandboxedEnvironment":
    """Let an environment use what was compiled in earlier runs, in the user's cache folder."""
    with suppress(OSError, RuntimeError):  # without a home, or on a full disk
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        marks = (environment.block_start_string, environment.variable_start_string)
        about = "\0".join((jinja2.__version__, *marks, *sorted(environment.extensions)))
        environment.bytecode_cache = Compiled(folder, about)
    return environment


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ninefold" / "templates"
