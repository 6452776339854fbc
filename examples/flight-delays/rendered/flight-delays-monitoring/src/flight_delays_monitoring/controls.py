"""Distances beside their controls: the same distance where nothing is known to have changed.

Data of a season differ from the rest of the year, and rows of one day resemble each other. So a
distance alone says little; it counts only where it is larger than between parts of the reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import pandas as pd

from . import drift
from .plan import DRIFT_DISTANCE, EARLIER_WINDOWS, FEWEST_ROWS, MOST_ROWS, WINDOW
from .settings import Settings

HALVES: Final = "halves by day"


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
) -> dict[str, Distance]:
    """The distance of each column and its controls."""
    found = drift.distances(settings, thin(reference), thin(current), kinds)
    controls = {
        name: drift.distances(settings, thin(one), thin(other), kinds)
        for name, (one, other) in alike(reference).items()
    }
    return {
        name: Distance(found[name], {at: control[name] for at, control in controls.items()})
        for name in kinds
    }


def alike(reference: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Pairs of parts of the reference: every other day, and windows beside the rest."""
    moment = reference["event_timestamp"]
    day = (moment - pd.Timestamp(0, tz="UTC")) // timedelta(days=1)
    pairs = {HALVES: (reference[day % 2 == 0], reference[day % 2 == 1])}
    for start in _starts(moment):
        inside = moment.between(start, start + WINDOW, inclusive="left")
        pairs[f"{start:%Y-%m-%d} and later"] = (reference[~inside], reference[inside])
    return {
        name: pair for name, pair in pairs.items() if min(len(part) for part in pair) >= FEWEST_ROWS
    }


def thin(frame: pd.DataFrame) -> pd.DataFrame:
    """At most `MOST_ROWS` rows, evenly over the time."""
    if len(frame) <= MOST_ROWS:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, MOST_ROWS).astype(int)]


def _starts(moment: "pd.Series[pd.Timestamp]") -> list[pd.Timestamp]:
    """Starts of windows spread over the reference, none if it is too short for a rest."""
    if moment.empty or moment.max() - moment.min() < 3 * WINDOW:
        return []
    first, last = moment.min(), moment.max() - WINDOW
    return [
        first + (last - first) * (number / max(EARLIER_WINDOWS - 1, 1))
        for number in range(EARLIER_WINDOWS)
    ]
