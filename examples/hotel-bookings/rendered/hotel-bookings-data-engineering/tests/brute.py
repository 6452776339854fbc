"""Features by brute force, in plain Python, one row at a time."""

import statistics
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

Row = dict[str, Any]

MONDAY: Final = datetime(2000, 1, 3, tzinfo=UTC)  # stretches of time are counted from here


def window(
    rows: Sequence[Row], row: Row, keys: Sequence[str], column: str, length: timedelta
) -> list[float]:
    """Values of a column in the rows of the same keys that were known in the time before."""
    return [
        float(other[column])
        for other in rows
        if all(other[key] == row[key] for key in keys)
        and timedelta(0) <= row["known_at"] - other["known_at"] <= length
        and other[column] is not None
    ]


def mean_of(values: Sequence[float]) -> float | None:
    """The mean, none of nothing."""
    return statistics.fmean(values) if values else None


def sum_of(values: Sequence[float]) -> float | None:
    """The sum, none of nothing."""
    return sum(values) if values else None


def count_of(values: Sequence[float]) -> float:
    """How many values there are."""
    return float(len(values))


def min_of(values: Sequence[float]) -> float | None:
    """The smallest value."""
    return min(values, default=None)


def max_of(values: Sequence[float]) -> float | None:
    """The largest value."""
    return max(values, default=None)


def std_of(values: Sequence[float]) -> float | None:
    """The standard deviation of a sample, none of fewer than two values."""
    return statistics.stdev(values) if len(values) > 1 else None


def number(value: Any) -> float | None:
    """A value as a number."""
    return None if value is None else float(value)


def category(value: Any) -> str | None:
    """A value as a word."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def ratio(numerator: Any, denominator: Any) -> float | None:
    """One by another, none where there is nothing to divide by."""
    if numerator is None or denominator is None or denominator == 0:
        return None
    return float(numerator) / float(denominator)


def part(value: datetime | None, name: str, timezone: str) -> float | None:
    """A part of an instant on the clock of a place."""
    if value is None:
        return None
    local = value.astimezone(ZoneInfo(timezone))
    parts = {
        "hour": local.hour,
        "weekday": local.isoweekday(),
        "day": local.day,
        "week": local.isocalendar().week,
        "month": local.month,
        "quarter": (local.month + 2) // 3,
    }
    return float(parts[name])


def counts_from(instant: datetime, every: timedelta | None) -> datetime:
    """The instant from which the last row counts: the end of its stretch of time."""
    return instant if every is None else MONDAY + ((instant - MONDAY) // every + 1) * every
