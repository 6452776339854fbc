"""The prediction log: one JSON line per prediction, by the contract `prediction-log`.

Several workers append to one file. A lock keeps their lines apart, and what a full disk or a kill
left half-written is cut off or ended, so that every line of the file can be read. What is replayed for
an instant of the past has a file for each day, apart from what is asked now.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from .faults import Fault

# What the loop asks to test the service is logged, but nobody wanted to know it.
PROBE: Final = "probe-"


def asked_now(state: Path) -> Path:
    """The log of what is asked as of now."""
    return state / "serving" / "predictions.jsonl"


def replayed(state: Path, day: str) -> Path:
    """The log of what is replayed for a day, written as 2026-01-31."""
    return state / "serving" / "replayed" / f"{day}.jsonl"


def replayed_between(state: Path, start: datetime, end: datetime) -> list[Path]:
    """The logs of the days from one instant to another, in their order."""
    days = (end.date() - start.date()).days
    paths = (replayed(state, f"{start + timedelta(days=n):%Y-%m-%d}") for n in range(days + 1))
    return [path for path in paths if path.exists()]


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log that people caused; one that a kill left half-written is passed over."""
    try:
        with path.open("rb") as stream:
            for line in stream:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict) and not entry["request_id"].startswith(PROBE):
                    yield entry
    except FileNotFoundError:
        raise Fault(f"{path} is missing: the service has answered nothing yet") from None


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
