"""Where the prediction came from: its trace to raw rows, and the run records of the steps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .documents import (
    mapping,
    memory_text,
    number,
    read_document,
    read_json,
    read_records,
    round_records,
)
from .pipeline import PIPELINE, ROUND

SHOWN: Final = 12  # characters of a hash, enough to tell two apart
MOST: Final = 20  # raw rows listed per view


def trace(state: Path) -> dict[str, Any] | None:
    """The prediction with, per feature view, the row in use and the raw rows behind it."""
    document = read_document(state, "trace")
    views = document.get("views")
    if not isinstance(views, Mapping) or not views:
        return None
    differences = document.get("differences")
    return {
        "key": _short(document.get("key")),
        "as_of": _short(document.get("as_of")),
        "keys": _pairs(document.get("keys")),
        "differences": differences if isinstance(differences, list) else [],
        "views": [_view(str(name), view) for name, view in views.items()],
    }


def _view(name: str, view: Any) -> dict[str, Any]:
    own, raw = mapping(view), mapping(mapping(view).get("raw"))
    rows = raw.get("rows")
    listed = [mapping(row) for row in rows][:MOST] if isinstance(rows, list) else []
    columns = list(dict.fromkeys(column for row in listed for column in row))
    return {
        "name": name.replace("_", " "),
        "known": bool(own),
        "keys": _pairs(own.get("keys")),
        "instant": _short(own.get("event_timestamp")),
        "features": _pairs(own.get("features")),
        "source": _short(raw.get("source")),
        "count": raw.get("count") if isinstance(raw.get("count"), int) else len(listed),
        "columns": [str(column).replace("_", " ") for column in columns],
        "rows": [[_short(row.get(column)) for column in columns] for row in listed],
    }


def _pairs(value: Any) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _short(one)) for name, one in mapping(value).items()]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "unknown" if value is None else str(value)


def records(state: Path) -> list[dict[str, Any]]:
    """One line per step that has a run record."""
    known = read_records(state)
    return [
        _record(step.name, step.role, known[step.name]) for step in PIPELINE if step.name in known
    ]


def round_records_of(state: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """The records of each round's steps: the round's end, its records."""
    roles = {step.name: step.role for step in (*PIPELINE, *ROUND)}
    found: dict[str, list[dict[str, Any]]] = {}
    for path in round_records(state):
        step, record = path.parent.parent.name, read_json(path)
        if record:
            line = _record(step, roles.get(step, ""), record)
            found.setdefault(path.parent.name, []).append(line)
    for lines in found.values():
        lines.sort(key=lambda line: (line["finished"], line["step"]))
    return list(found.items())


def seconds_of_rounds(state: Path) -> dict[str, list[float]]:
    """How long each step took, round by round."""
    found: dict[str, list[float]] = {}
    for path in round_records(state):
        seconds = number(read_json(path).get("seconds"))
        if seconds is not None:
            found.setdefault(path.parent.parent.name, []).append(seconds)
    return found


def _record(step: str, role: str, record: Mapping[str, Any]) -> dict[str, Any]:
    commit = str(record.get("commit") or "none")[:SHOWN]
    memory = record.get("peak_memory_bytes")
    return {
        "step": step,
        "role": role,
        "id": record.get("id", ""),
        "commit": f"{commit} + changes" if record.get("dirty") else commit,
        "lock": str(record.get("lock") or "none")[:SHOWN],
        "seconds": number(record.get("seconds")) or 0.0,
        "memory": memory_text(memory) if isinstance(memory, int) else "",
        "finished": str(record.get("finished", ""))[:19].replace("T", " "),
        "inputs": _hashes(record.get("inputs")),
        "outputs": _hashes(record.get("outputs")),
        "metrics": [
            (name, f"{value:.4g}")
            for name, value in (record.get("metrics") or {}).items()
            if isinstance(value, int | float)
        ],
    }


def _hashes(value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, Mapping):
        return []
    return [(str(path), str(digest)[:SHOWN]) for path, digest in value.items()]
