"""How good predictions are, by the product's metrics, on all rows and on resampled days.

Rows of one day resemble each other, so chance is judged by drawing whole days with replacement
(the block bootstrap), never single rows. Every metric here follows from sums over the days: a
resample is a count for each day, and thousands of them are one product of two matrices.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .plan import METRIC

Values = NDArray[np.float64]

HIGHER_IS_BETTER: Final[Mapping[str, bool]] = {
    "rmse": False,
    "mae": False,
    "r2": True,
}
RESAMPLES: Final = 1000
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True)
class Judged:
    """Labels with the predictions for them, and the day of each row, counted from 0."""

    label: Values
    predicted: Values
    day: NDArray[np.int64]

    @property
    def days(self) -> int:
        """How many days there are."""
        return int(self.day.max(initial=-1)) + 1


def judged(label: Any, predicted: Any, moment: "pd.Series[Any]") -> Judged:
    """Rows by the UTC day of their instant."""
    _, day = np.unique(moment.dt.floor("D").to_numpy(), return_inverse=True)
    return Judged(np.asarray(label, float), np.asarray(predicted, float), day.astype(np.int64))


def measure(label: Values, predicted: Values) -> dict[str, float | None]:
    """Every metric; None where the rows cannot tell (fewer than two)."""
    whole = Judged(label, predicted, np.zeros(len(label), dtype=np.int64))
    return {name: value(name, whole) for name in HIGHER_IS_BETTER}


def value(metric: str, rows: Judged) -> float | None:
    """One metric of all rows; None where they cannot tell."""
    if not len(rows.label):
        return None
    once = Judged(rows.label, rows.predicted, np.zeros(len(rows.label), dtype=np.int64))
    found = float(_of(metric, once, np.ones((1, 1)), exact=True)[0])
    return None if np.isnan(found) else found


def score(metrics: Mapping[str, Any]) -> float:
    """The product's metric as a number that is better when higher; not a number if undefined."""
    found = metrics[METRIC]
    return float("nan") if found is None else better(METRIC, float(found))


def better(metric: str, found: Any) -> Any:
    """A value or values of the metric, turned so that higher is better."""
    return found if HIGHER_IS_BETTER[metric] else -found


def draws(days: int, seed: int, resamples: int = RESAMPLES, *, size: int | None = None) -> Values:
    """How often each resample holds each day: `size` days with replacement, else as many as there are."""
    if not days:
        return np.zeros((0, 0))
    generator = np.random.default_rng(seed)
    return generator.multinomial(size or days, np.full(days, 1 / days), resamples).astype(float)


def weeks(moment: "pd.Series[Any]") -> Iterator[tuple[pd.Timestamp, Any]]:
    """The starts of the weeks and which rows they hold; the last week is whole, the first may not be."""
    if moment.empty:
        return
    start, after = moment.min().floor("D"), moment.max().floor("D") + timedelta(days=1)
    for week in range(-((start - after) // WEEK), 0, -1):
        begin = after - week * WEEK
        yield begin, moment.between(begin, begin + WEEK, inclusive="left").to_numpy()


def resampled(metric: str, rows: Judged, counts: Values) -> Values:
    """The metric of each resample; not a number where it cannot tell."""
    return _of(metric, rows, counts, exact=False)


def _of(metric: str, rows: Judged, counts: Values, *, exact: bool) -> Values:
    label, error = rows.label, rows.predicted - rows.label
    number = _by_day(rows, np.ones(len(label)), counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric == "mae":
            found = _by_day(rows, np.abs(error), counts) / number
        elif metric == "rmse":
            found = np.sqrt(_by_day(rows, error**2, counts) / number)
        else:
            middle = label.mean() if len(label) else 0.0
            moved = _by_day(rows, label - middle, counts)
            spread = _by_day(rows, (label - middle) ** 2, counts) - moved**2 / number
            found = 1 - _by_day(rows, error**2, counts) / np.where(spread > 0, spread, np.nan)
    return np.where(number < 2, np.nan, found)


def _by_day(rows: Judged, values: Values, counts: Values) -> Values:
    """The sum of the values in each resample."""
    found: Values = counts @ np.bincount(rows.day, values, minlength=counts.shape[1])
    return found
