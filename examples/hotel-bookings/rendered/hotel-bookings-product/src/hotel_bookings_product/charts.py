"""Figures of the report that are drawn twice: for a wide page, and for a phone.

A drawing that only shrinks has texts that nobody can read. The page shows the one that fits; both
hold the same values. Every text passes `Markup.format`, which escapes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from .axes import Axis
from .figures import clipped, line

WIDE: Final = 1080.0
NARROW: Final = 340.0
LETTER: Final = 7.2  # width of a letter at 12 px in a wide typeface; others need less


@dataclass(frozen=True)
class Mark:
    """Something on a row: a bar or a line between two values, or a dot at `end`."""

    kind: str
    start: float
    end: float
    style: str
    shape: int = 0
    hint: str = ""


@dataclass(frozen=True)
class Row:
    """A labelled row of marks with a value in words at its end."""

    label: str
    value: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Point:
    """A measured value with its interval, at an instant in seconds."""

    at: float
    value: float
    low: float | None
    high: float | None
    series: int
    hint: str


@dataclass(frozen=True)
class Level:
    """A value that holds from one instant to another; the last named one of its style is named.

    `low` and `high` are the ends of its interval.
    """

    start: float
    end: float
    value: float
    style: str
    name: str
    number: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Span:
    """A part of the time, named by the first of its names that fits."""

    start: float
    end: float
    names: tuple[str, ...]
    style: str


def row_plot(
    rows: Sequence[Row],
    axes: tuple[Axis, Axis],
    *,
    title: str,
    description: str,
    lines: Sequence[tuple[float, str, str]] = (),
) -> Markup:
    """Rows of marks over one axis (for the wide drawing, for the narrow one).

    `lines` cross all rows: value, style, name.
    """
    return Markup('<div class="plot">{}{}</div>').format(
        _rows(rows, axes[0], lines, title, description, wide=True),
        _rows(rows, axes[1], lines, title, description, wide=False),
    )


def _rows(
    rows: Sequence[Row],
    axis: Axis,
    lines: Sequence[tuple[float, str, str]],
    title: str,
    description: str,
    *,
    wide: bool,
) -> Markup:
    width = WIDE if wide else NARROW
    value_room = max((len(row.value) for row in rows), default=0) * LETTER + 12
    label_room = min(max((len(row.label) for row in rows), default=0), 30) * LETTER + 14
    left, right = (label_room, width - value_room) if wide else (8.0, width - 8)
    tall, top = (24.0 if wide else 38.0), 16.0 * len(lines) + 6
    base = top + tall * len(rows)
    parts = [_tick(axis, value, text, left, right, top, base, width) for value, text in axis.ticks]
    for place, (value, style, name) in enumerate(lines):
        at = axis.at(value, left, right)
        parts.append(line(at, top - 2 - 16 * (len(lines) - 1 - place), at, base, style))
        parts.append(_beside(at, 16.0 * place + 12, name, width))
    for place, row in enumerate(rows):
        y = top + place * tall
        middle = y + (tall / 2 if wide else 27)
        room = int((label_room - 14) / LETTER) if wide else int((width - value_room) / LETTER)
        parts.append(line(left, middle, right, middle, "grid"))
        parts.append(
            Markup('<text class="label big" x="0" y="{:.1f}">{}</text>').format(
                middle + 4 if wide else y + 14, clipped(row.label, room)
            )
        )
        parts.append(
            Markup('<text class="value big" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                width, middle + 4 if wide else y + 14, row.value
            )
        )
        parts.extend(_mark(mark, axis, left, right, middle) for mark in row.marks)
    return picture(width, base + 24, title, description, parts, wide=wide)


def _tick(
    axis: Axis,
    value: float,
    text: str,
    left: float,
    right: float,
    top: float,
    base: float,
    width: float,
) -> Markup:
    at = axis.at(value, left, right)
    half = len(text) * LETTER / 2
    return line(at, top, at, base, "grid faint") + Markup(
        '<text class="label big" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
    ).format(min(max(at, half), width - half), base + 17, text)


def _beside(at: float, y: float, name: str, width: float) -> Markup:
    """A line's name, on the side that has room for it."""
    fits = at + 6 + len(name) * LETTER <= width
    return Markup(
        '<text class="value big" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>'
    ).format(at + 5 if fits else at - 5, y, "start" if fits else "end", name)


def _mark(mark: Mark, axis: Axis, left: float, right: float, y: float) -> Markup:
    x1, x2 = axis.at(mark.start, left, right), axis.at(mark.end, left, right)
    hint = Markup("<title>{}</title>").format(mark.hint) if mark.hint else Markup()
    if mark.kind == "bar":
        return Markup(
            '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="12" rx="2">{}</rect>'
        ).format(mark.style, min(x1, x2), y - 6, max(abs(x2 - x1), 1.0), hint)
    if mark.kind == "line":
        return Markup(
            '<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}">{}</line>'
        ).format(mark.style, x1, y, x2, y, hint)
    return shape(mark.shape, x2, y, mark.style, mark.hint)


def shape(kind: int, x: float, y: float, style: str, hint: str) -> Markup:
    """A circle, square, diamond or triangle: colours alone do not tell series apart."""
    inner = Markup("<title>{}</title>").format(hint) if hint else Markup()
    if kind % 4 == 0:
        return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4.6">{}</circle>').format(
            style, x, y, inner
        )
    corners = {
        1: ((-4.2, -4.2), (4.2, -4.2), (4.2, 4.2), (-4.2, 4.2)),
        2: ((0, -6), (6, 0), (0, 6), (-6, 0)),
        3: ((0, -5.6), (5.4, 4.2), (-5.4, 4.2)),
    }[kind % 4]
    points = " ".join(f"{x + across:.1f},{y + down:.1f}" for across, down in corners)
    return Markup('<polygon class="{}" points="{}">{}</polygon>').format(style, points, inner)


def series_plot(
    points: Sequence[Point],
    levels: Sequence[Level],
    spans: Sequence[Span],
    times: tuple[Axis, Axis],
    values: Axis,
    *,
    title: str,
    description: str,
) -> Markup:
    """Values over time with their intervals, levels to hold them against, and named spans."""
    return Markup('<div class="plot">{}{}</div>').format(
        _series(points, levels, spans, times[0], values, title, description, wide=True),
        _series(points, levels, spans, times[1], values, title, description, wide=False),
    )


def _series(
    points: Sequence[Point],
    levels: Sequence[Level],
    spans: Sequence[Span],
    time: Axis,
    value: Axis,
    title: str,
    description: str,
    *,
    wide: bool,
) -> Markup:
    width, height = (WIDE, 360.0) if wide else (NARROW, 280.0)
    ends = {level.style: level for level in levels if level.name}
    texts = {
        style: f"{one.name} {one.number}" if wide else one.number for style, one in ends.items()
    }
    left = max((len(text) for _, text in value.ticks), default=0) * LETTER + 8
    right = width - max((len(text) for text in texts.values()), default=0) * LETTER - 10
    top, base = 24.0, height - 24

    def x_of(instant: float) -> float:
        return time.at(instant, left, right)

    def y_of(one: float) -> float:
        return value.at(one, base, top)

    parts = [_span(span, x_of(span.start), x_of(span.end), top, base) for span in spans]
    for tick, text in value.ticks:
        parts.append(line(left, y_of(tick), right, y_of(tick), "grid"))
        parts.append(
            Markup('<text class="label big" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                left - 6, y_of(tick) + 4, text
            )
        )
    for tick, text in time.ticks:
        half = len(text) * LETTER / 2
        parts.append(line(x_of(tick), base, x_of(tick), base + 5, "axis"))
        parts.append(
            Markup(
                '<text class="label big" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
            ).format(min(max(x_of(tick), half), width - half), base + 18, text)
        )
    parts.append(line(left, base, right, base, "axis"))
    for level in levels:
        y = y_of(level.value)
        parts.append(line(x_of(level.start), y, x_of(level.end), y, level.style))
        if level.low is not None and level.high is not None:
            x = x_of((level.start + level.end) / 2)
            parts.append(line(x, y_of(level.low), x, y_of(level.high), level.style))
    names = sorted(((y_of(one.value), texts[style]) for style, one in ends.items()))
    for y, text in _apart(names, base):
        parts.append(
            Markup('<text class="value big" x="{:.1f}" y="{:.1f}">{}</text>').format(
                right + 6, y + 4, text
            )
        )
    for run in _runs(points):
        placed = [(x_of(one.at), one) for one in run]
        parts.append(
            _band(
                [
                    (x, y_of(p.low), y_of(p.high))
                    for x, p in placed
                    if p.low is not None and p.high is not None
                ],
                run[0].series,
            )
        )
        parts.append(
            Markup('<polyline class="series v{}" points="{}"/>').format(
                run[0].series % 6, " ".join(f"{x:.1f},{y_of(one.value):.1f}" for x, one in placed)
            )
        )
        parts.extend(
            shape(one.series, x, y_of(one.value), f"point v{one.series % 6}", one.hint)
            for x, one in placed
        )
    return picture(width, height, title, description, parts, wide=wide)


def _span(span: Span, x1: float, x2: float, top: float, base: float) -> Markup:
    fitting = [name for name in span.names if len(name) * LETTER <= x2 - x1 - 4]
    text = Markup(
        '<text class="label big" x="{:.1f}" y="14" text-anchor="middle">{}</text>'
    ).format((x1 + x2) / 2, fitting[0] if fitting else "")
    return Markup('<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{:.1f}"/>{}').format(
        span.style, x1, top, max(x2 - x1, 0.0), base - top, text if fitting else Markup()
    )


def _apart(names: Sequence[tuple[float, str]], base: float) -> list[tuple[float, str]]:
    """Texts moved down just so far that none covers another."""
    placed: list[tuple[float, str]] = []
    for y, text in names:
        placed.append((max(y, placed[-1][0] + 15) if placed else y, text))
    over = max(placed[-1][0] - base, 0.0) if placed else 0.0
    return [(y - over, text) for y, text in placed]


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Neighbours of the same series."""
    runs: list[list[Point]] = []
    for point in sorted(points, key=lambda one: one.at):
        if runs and runs[-1][-1].series == point.series:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _band(ends: Sequence[tuple[float, float, float]], series: int) -> Markup:
    if len(ends) == 1:
        x, low, high = ends[0]
        return line(x, low, x, high, f"whisker v{series % 6}")
    outline = [(x, high) for x, _, high in ends] + [(x, low) for x, low, _ in reversed(ends)]
    return Markup('<polygon class="band v{}" points="{}"/>').format(
        series % 6, " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
    )


def picture(
    width: float,
    height: float,
    title: str,
    description: str,
    parts: Sequence[Markup],
    *,
    wide: bool,
) -> Markup:
    """One drawing, named and described for those who do not see it."""
    return Markup(
        '<svg class="{}" viewBox="0 0 {:.0f} {:.0f}" role="img"><title>{}</title>'
        "<desc>{}</desc>{}</svg>"
    ).format(
        "on-wide" if wide else "on-narrow", width, height, title, description, Markup().join(parts)
    )
