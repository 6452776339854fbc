"""The prediction log: one JSON line per prediction, by the contract `prediction-log`.

Several workers append to one file. A lock keeps their lines apart, and what a full disk or a kill
left half-written is cut off or ended, so that every line of the file can be read.
"""

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class PredictionLog:
    """Appends whole lines to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write all entries or none; raises `OSError`."""
        text = "".join(json.dumps(entry, allow_nan=False) + "\n" for entry in entries).encode()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _write(descriptor, text)
        finally:
            os.close(descriptor)


def _write(descriptor: int, text: bytes) -> None:
    end = os.fstat(descriptor).st_size
    if end and os.pread(descriptor, 1, end - 1) != b"\n":
        text = b"\n" + text  # a writer was killed in the middle of its line
    try:
        while text:
            text = text[os.write(descriptor, text) :]
    except OSError:
        os.ftruncate(descriptor, end)
        raise
