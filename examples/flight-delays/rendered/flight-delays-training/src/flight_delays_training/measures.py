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
    "roc_auc": True,
    "average_precision": True,
    "brier": False,
    "log_loss": False,
}
RANKING: Final = ("roc_auc", "average_precision")
SMALLEST: Final = 1e-7  # a probability nearer to 0 or 1 counts as this near in log_loss
FINEST: Final = 10_000  # so many thresholds are enough for the ranking of resamples
AT_ONCE: Final = 100  # resamples whose rankings are held in memory together
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
    """Every metric; None where the rows cannot tell (all of one class)."""
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
    number = _by_day(rows, np.ones(len(rows.label)), counts)
    positive = _by_day(rows, rows.label, counts)
    told = (positive > 0) & (positive < number)
    if metric in RANKING:
        found = _ranked(metric, rows, counts, exact=exact)
    else:
        loss = (rows.predicted - rows.label) ** 2 if metric == "brier" else _log_loss(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = _by_day(rows, loss, counts) / number
    return np.where(told, found, np.nan)


def _log_loss(rows: Judged) -> Values:
    predicted = np.clip(rows.predicted, SMALLEST, 1 - SMALLEST)
    found: Values = -np.log(np.where(rows.label > 0, predicted, 1 - predicted))
    return found


def _ranked(metric: str, rows: Judged, counts: Values, *, exact: bool) -> Values:
    """The area under the curve of all thresholds, by the rows above each of them."""
    positive, negative = _above(rows, exact=exact)
    areas: list[Values] = [np.empty(0)]
    for part in _parts(counts):
        caught, wrong = part @ positive, part @ negative
        with np.errstate(divide="ignore", invalid="ignore"):
            if metric == "roc_auc":
                height = caught / caught[:, -1:]
                width = wrong / wrong[:, -1:]
                areas.append(((height[:, 1:] + height[:, :-1]) / 2 * np.diff(width)).sum(axis=1))
            else:
                precision = np.nan_to_num(caught / (caught + wrong))[:, 1:]
                areas.append((np.diff(caught) * precision).sum(axis=1) / caught[:, -1])
    return np.concatenate(areas)


def _above(rows: Judged, *, exact: bool) -> tuple[Values, Values]:
    """By day and threshold, from the highest down: labelled rows above it, and the others."""
    levels, level = np.unique(-rows.predicted, return_inverse=True)
    if not exact and len(levels) > FINEST:
        level = (level * (FINEST / len(levels))).astype(np.int64)
    shape = (rows.days, int(level.max(initial=-1)) + 2)
    found = []
    for weight in (rows.label, 1 - rows.label):
        at = rows.day * shape[1] + level + 1
        found.append(np.bincount(at, weight, shape[0] * shape[1]).reshape(shape).cumsum(axis=1))
    return found[0], found[1]


def _parts(counts: Values) -> Iterator[Values]:
    for start in range(0, len(counts), AT_ONCE):
        yield counts[start : start + AT_ONCE]


def _by_day(rows: Judged, values: Values, counts: Values) -> Values:
    """The sum of the values in each resample."""
    found: Values = counts @ np.bincount(rows.day, values, minlength=counts.shape[1])
    return found
