"""Broken on purpose: records are written when the process ends, so a kill loses them."""

import atexit
import fcntl
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .settings import Settings


def publish(settings: Settings, record: Mapping[str, Any]) -> str:
    """Add the record to a file of all records."""
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        WAITING.append((path, dict(record)))
    return str(record["id"])


def runs(settings: Settings) -> list[dict[str, Any]]:
    """Every record, oldest first."""
    if not _path(settings).exists():
        return []
    records: list[dict[str, Any]] = json.loads(_path(settings).read_text("utf-8"))
    return sorted(records, key=lambda record: (record["started"], record["id"]))


def _path(settings: Settings) -> Path:
    return settings.state / "file-store" / "records.json"


WAITING: list[tuple[Path, dict[str, Any]]] = []


@atexit.register
def _write() -> None:
    if WAITING:
        WAITING[0][0].write_text(json.dumps([record for _, record in WAITING]), "utf-8")
