"""The prediction log, read by its contract: a line that breaks it is counted, never trusted."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import fastjsonschema
import pandas as pd

from .plan import FEATURES, KEY

# Requests by which the loop tests the service: nobody wanted to know the answers.
PROBE: Final = "probe-"


@dataclass
class Log:
    """What people asked in a window, and how many lines were read and how many of them are bad."""

    lines: int = 0
    bad: int = 0
    first_bad: str = ""
    entries: list[dict[str, Any]] = field(default_factory=list)

    def frame(self) -> pd.DataFrame:
        """The entries as a table like the training set's, with the predictions."""
        columns = [KEY, "event_timestamp", *FEATURES, "prediction", "model_version"]
        frame = pd.DataFrame([_row(entry) for entry in self.entries], columns=columns)
        frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True)
        kinds = {
            name: "float64" if kind == "number" else "object" for name, kind in FEATURES.items()
        }
        return frame.astype({**kinds, "prediction": "float64"})


def read_log(path: Path, contract: Path, *, since: datetime, until: datetime) -> Log:
    """Read the lines whose `as_of` lies between the instants; no file is an empty log."""
    check = fastjsonschema.compile(json.loads(contract.read_text("utf-8")))
    log = Log()
    if not path.exists():
        return log
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            log.lines += 1
            try:
                entry, at = _entry(line, check)
            except ValueError as error:
                log.bad += 1
                log.first_bad = log.first_bad or f"line {number}: {error}"
                continue
            if since <= at <= until and not entry["request_id"].startswith(PROBE):
                log.entries.append(entry)
    return log


def _entry(line: bytes, check: Callable[[object], object]) -> tuple[dict[str, Any], datetime]:
    entry = json.loads(line)  # JSONDecodeError and UnicodeDecodeError are ValueErrors, too
    check(entry)  # and so is fastjsonschema's
    at = datetime.fromisoformat(entry["as_of"])
    if at.tzinfo is None:
        raise ValueError("as_of has no time zone")
    return entry, at


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    own = {name: entry["features"].get(name) for name in FEATURES}
    return {
        KEY: entry["key"],
        "event_timestamp": entry["as_of"],
        **own,
        "prediction": entry["prediction"],
        "model_version": entry["model_version"],
    }
