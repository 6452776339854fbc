"""Scales of the report's figures: numbers and times with ticks at round values."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# Distances between ticks that people read without counting: (months, hours).
STEPS: Final = (
    *((0, hours) for hours in (1, 3, 6, 12, 24, 48, 168)),
    *((months, 0) for months in (1, 2, 3, 6, 12, 24, 60, 120, 600, 2400)),
)


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, with values at which a text stands."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def at(self, value: float, start: float, end: float) -> float:
        """Where a value lies between two places of a figure."""
        within = min(max(value, self.low), self.high)
        return start + (within - self.low) / ((self.high - self.low) or 1.0) * (end - start)


def number_axis(values: Sequence[float], *, count: int = 5, edge: float = 0.06) -> Axis:
    """An axis over all values, with about `count` ticks; `edge` is kept free at both ends."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    # What is hardly apart still gets an axis: floats must tell its ends apart.
    room = (high - low) * edge or max(abs(high), 1.0) * 0.05
    low, high = (0.0 if low == 0 else low - room), high + room
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(part * power for part in (1, 2, 2.5, 5, 10) if part * power >= raw * 0.999)
    decimals = next(
        (places for places in range(9) if abs(round(step, places) - step) < step * 1e-6), 9
    )
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    ticks = tuple(
        (place * step, _text(place * step, step, decimals))
        for place in range(first, min(last, first + 20) + 1)
    )
    return Axis(low, high, ticks)


def _text(value: float, step: float, decimals: int) -> str:
    # Adding zero keeps a minus from nought.
    return f"{value + 0.0:,.{decimals}f}" if 1e-6 < step < 1e6 else f"{value:.3g}"


def time_axis(start: datetime, end: datetime, *, count: int = 6) -> Axis:
    """An axis of seconds since 1970, with at most `count` ticks at round dates."""
    for months, hours in STEPS:
        found = list(_round_dates(start, end, months, hours, count))
        if len(found) <= count:
            break
    years: set[int] = set()
    ticks = []
    for date in found[:count]:
        text = f"{date:%b}" if months else f"{date.day} {date:%b}"
        if hours and hours < 24:
            text = f"{text} {date:%H:%M}"
        if date.year not in years:
            text = f"{date.year}" if months >= 12 else f"{text} {date.year}"
        years.add(date.year)
        ticks.append((date.timestamp(), text))
    low, high = start.timestamp(), end.timestamp()
    return Axis(low, max(high, low + 1.0), tuple(ticks))


def _round_dates(
    start: datetime, end: datetime, months: int, hours: int, most: int
) -> Iterator[datetime]:
    """Round dates within an interval, at most one more than asked for."""
    found = 0
    date = _first(start, months)
    while date <= end and found <= most:
        if date >= start:
            found += 1
            yield date
        try:
            date = _later(date, months, hours)
        except (OverflowError, ValueError):  # beyond the last date that there is
            return


def _first(start: datetime, months: int) -> datetime:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if not months:
        return midnight
    place = (start.year * 12 + start.month - 1) // months * months
    return midnight.replace(year=max(place // 12, 1), month=place % 12 + 1, day=1)


def _later(date: datetime, months: int, hours: int) -> datetime:
    if not months:
        return date + timedelta(hours=hours)
    place = date.year * 12 + date.month - 1 + months
    return date.replace(year=place // 12, month=place % 12 + 1)
