"""Distances beside their controls: the same distance where nothing is known to have changed.

Data of a season differ from the rest of the year, and rows of one day resemble each other. So a
distance alone says little; it counts only where it is larger than between parts of the reference.
The shorter two parts are, the farther they lie apart, so parts are as long as what is watched.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from . import drift
from .plan import DRIFT_DISTANCE, EARLIER_WINDOWS, FEWEST_ROWS, MOST_ROWS
from .settings import Settings

HALVES: Final = "halves by day"
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Distance:
    """How far a column moved, and how far its controls are apart."""

    distance: float
    controls: Mapping[str, float]

    @property
    def control(self) -> float:
        """The largest of the controls."""
        return max(self.controls.values(), default=0.0)

    @property
    def drifted(self) -> bool:
        """Above the threshold and above what is usual inside the reference."""
        return self.distance > max(DRIFT_DISTANCE, self.control)


def measure(
    settings: Settings,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    kinds: Mapping[str, str],
    known_as: str = "",
) -> dict[str, Distance]:
    """The distance of each column and its controls.

    The controls follow from the reference and the length of what is watched. With a name for the
    reference's content they are measured once and kept beside the documents of monitoring.
    """
    found = drift.distances(settings, thin(reference), thin(current), kinds)
    length = length_of(current)
    place = _place(settings, known_as, length, kinds) if known_as else None
    controls = None if place is None else _kept(place)
    if controls is None:
        controls = {
            name: drift.distances(settings, thin(one), thin(other), kinds)
            for name, (one, other) in parts(reference, length).items()
        }
        if place is not None:
            _keep(place, controls)
    return {
        name: Distance(found[name], {at: control[name] for at, control in controls.items()})
        for name in kinds
    }


def length_of(frame: pd.DataFrame) -> timedelta:
    """How long a time the rows span, in whole days, so that alike windows share their controls."""
    moment = frame["event_timestamp"]
    if moment.empty:
        return DAY
    seconds = (moment.max() - moment.min()).total_seconds()
    return timedelta(days=max(ceil(seconds / DAY.total_seconds()), 1))


def parts(
    reference: pd.DataFrame, length: timedelta
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Pairs of parts of the reference: every other day, and windows beside the rest.

    A reference too short for a window of this length and a rest as long is halved.
    """
    moment = reference["event_timestamp"]
    if moment.empty:
        return {}
    day = (moment - pd.Timestamp(0, tz="UTC")) // DAY
    pairs = {HALVES: (reference[day % 2 == 0], reference[day % 2 == 1])}
    window = min(length, (moment.max() - moment.min()) / 2)
    for start in _starts(moment, window):
        inside = moment.between(start, start + window)
        name = f"{start:%Y-%m-%d} to {start + window:%Y-%m-%d}"
        pairs[name] = (reference[~inside], reference[inside])
    return {
        name: pair for name, pair in pairs.items() if min(len(part) for part in pair) >= FEWEST_ROWS
    }


def thin(frame: pd.DataFrame) -> pd.DataFrame:
    """At most `MOST_ROWS` rows, evenly over the time."""
    if len(frame) <= MOST_ROWS:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, MOST_ROWS).astype(int)]


def _starts(moment: "pd.Series[pd.Timestamp]", window: timedelta) -> list[pd.Timestamp]:
    """Starts of windows spread over the reference."""
    first, last = moment.min(), moment.max() - window
    return [
        first + (last - first) * (number / max(EARLIER_WINDOWS - 1, 1))
        for number in range(EARLIER_WINDOWS)
    ]


def _kept(place: Path) -> dict[str, dict[str, float]] | None:
    try:
        found: dict[str, dict[str, float]] = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _keep(place: Path, controls: Mapping[str, Mapping[str, float]]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(controls, indent=2) + "\n", "utf-8")
    partial.replace(place)


def _place(settings: Settings, known_as: str, length: timedelta, kinds: Mapping[str, str]) -> Path:
    """Another reference, length, other columns, another way to measure: another file."""
    own = Path(__file__)
    key = f"{known_as}\0{length}\0{json.dumps(dict(kinds))}\0"
    digest = hashlib.sha256(key.encode())
    for name in ("controls.py", "drift.py", "plan.py"):
        digest.update(own.with_name(name).read_bytes())
    return settings.state / "monitoring" / f"controls-{digest.hexdigest()[:16]}.json"
