"""Figures of the report as inline SVG: bars, columns, points and the picture of the loop.

They are drawn by hand: a plotting library would bring 60 MB, 100 kB per figure and its own
colours, which follow no dark mode. Every text passes `Markup.format`, which escapes it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from .pipeline import LoopStep

WIDTH: Final = 360.0
ROW: Final = 22.0


def text_of(value: float) -> str:
    """A figure's number, short."""
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def bars(
    items: Sequence[tuple[str, float]],
    *,
    title: str,
    form: Callable[[float], str] = text_of,
    reference: float | None = None,
) -> Markup:
    """Horizontal bars; `reference` is a line across."""
    left, right = 128.0, 52.0
    top = max([value for _, value in items] + [reference or 0.0, 1e-12])
    scale = (WIDTH - left - right) / top
    parts = [
        Markup(
            '<text class="label" x="{}" y="{}" text-anchor="end">{}</text>'
            '<rect class="bar" x="{}" y="{}" width="{:.1f}" height="14" rx="2"/>'
            '<text class="value" x="{:.1f}" y="{}">{}</text>'
        ).format(
            left - 8,
            place * ROW + 15,
            clipped(name, 19),
            left,
            place * ROW + 4,
            max(value * scale, 0.5),
            left + max(value * scale, 0.5) + 6,
            place * ROW + 15,
            form(value),
        )
        for place, (name, value) in enumerate(items)
    ]
    if reference is not None:
        at = left + reference * scale
        parts.append(line(at, 0, at, len(items) * ROW, "reference"))
    return _figure(WIDTH, len(items) * ROW + 2, title, parts)


def columns(
    items: Sequence[tuple[str, float]],
    *,
    title: str,
    form: Callable[[float], str] = text_of,
    height: float = 150.0,
) -> Markup:
    """Vertical bars with a label beneath each."""
    top = max([value for _, value in items] + [1e-12])
    step = WIDTH / max(len(items), 1)
    base = height - 20
    parts = []
    for place, (name, value) in enumerate(items):
        tall = value / top * (base - 20)
        middle = place * step + step / 2
        parts.append(
            Markup(
                '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>'
                '<text class="value" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
                '<text class="label" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
            ).format(
                place * step + 2,
                base - tall,
                max(step - 4, 1),
                tall,
                middle,
                base - tall - 4,
                form(value),
                middle,
                height - 5,
                name,
            )
        )
    return _figure(WIDTH, height, title, parts)


def histogram(counts: Sequence[float], low: str, high: str, *, title: str) -> Markup:
    """A distribution, small, with its ends named."""
    width, height = 160.0, 64.0
    top = max([*counts, 1e-12])
    step = width / max(len(counts), 1)
    parts = [
        Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            place * step + 0.5,
            46 - count / top * 44,
            max(step - 1, 0.5),
            count / top * 44,
        )
        for place, count in enumerate(counts)
    ]
    parts.append(line(0, 46.5, width, 46.5, "axis"))
    parts.append(
        Markup(
            '<text class="label" x="2" y="60">{}</text>'
            '<text class="label" x="{}" y="60" text-anchor="end">{}</text>'
        ).format(low, width - 2, high)
    )
    return _figure(width, height, title, parts)


def calibration(points: Sequence[tuple[float, float, float]], *, title: str) -> Markup:
    """Predicted against observed shares; a point's area follows its rows, on the line is best."""
    side, edge, rim = 280.0, 40.0, 20.0
    top = min(max([max(x, y) for x, y, _ in points] + [0.1]) * 1.1, 1.0)
    most = max([rows for _, _, rows in points] + [1.0])

    def x_of(share: float) -> float:
        return edge + share / top * (side - edge - rim)

    def y_of(share: float) -> float:
        return side - edge - share / top * (side - edge - rim)

    parts = [
        line(x_of(0), y_of(0), x_of(0), y_of(top), "axis"),
        line(x_of(0), y_of(0), x_of(top), y_of(0), "axis"),
        line(x_of(0), y_of(0), x_of(top), y_of(top), "reference"),
    ]
    for share in (0.0, top / 2, top):
        parts.append(
            Markup(
                '<text class="label" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
                '<text class="label" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(
                x_of(share),
                y_of(0) + 15,
                f"{share:.0%}",
                x_of(0) - 5,
                y_of(share) + 4,
                f"{share:.0%}" if share else "",
            )
        )
    parts.extend(
        Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(
            x_of(x), y_of(y), 3 + 6 * (rows / most) ** 0.5
        )
        for x, y, rows in points
    )
    parts.append(
        Markup('<text class="label" x="{}" y="{}" text-anchor="middle">{}</text>').format(
            (side + edge) / 2, side - 4, "predicted; upwards: observed"
        )
    )
    return _figure(side, side, title, parts)


def loop_picture(
    steps: Sequence[LoopStep],
    seconds: Mapping[str, float],
    notes: Mapping[str, str],
) -> Markup:
    """The steps as boxes: a lane per repository, an arrow per need, a bar for the time."""
    lanes = list(dict.fromkeys(step.role for step in steps))
    levels = _levels(steps)
    left, wide, tall, lane = 140.0, 82.0, 42.0, 74.0
    step_x = wide + 16
    places = {
        step.name: (left + levels[step.name] * step_x, lanes.index(step.role) * lane + 13)
        for step in steps
    }
    parts = [_lane(place, role, lane, left, notes) for place, role in enumerate(lanes)]
    parts.extend(
        _arrow(places[need], places[step.name], wide, tall) for step in steps for need in step.needs
    )
    longest = max([*seconds.values(), 1e-12])
    parts.extend(
        _box(step, places[step.name], wide, tall, seconds.get(step.name), longest) for step in steps
    )
    width = left + (max(levels.values(), default=0) + 1) * step_x
    return _figure(width, len(lanes) * lane, "The steps of the loop and their times", parts)


def _levels(steps: Sequence[LoopStep]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for step in steps:
        levels[step.name] = max([levels[need] + 1 for need in step.needs], default=0)
    return levels


def _lane(place: int, role: str, height: float, left: float, notes: Mapping[str, str]) -> Markup:
    words = [role.replace("-", " "), *notes.get(role, "").split("; ")]
    lines = [
        Markup('<text class="{}" x="0" y="{:.0f}">{}</text>').format(
            "lane" if number == 0 else "label", place * height + 26 + number * 14, word
        )
        for number, word in enumerate(words[:4])
    ]
    rule = line(0, place * height + 2, 4000, place * height + 2, "grid") if place else Markup()
    return rule + Markup().join(lines)


def _arrow(
    start: tuple[float, float], end: tuple[float, float], wide: float, tall: float
) -> Markup:
    x1, y1 = start[0] + wide, start[1] + tall / 2
    x2, y2 = end[0] - 2, end[1] + tall / 2
    bend = max((x2 - x1) / 2, 6)
    return Markup(
        '<path class="arrow" d="M{:.1f},{:.1f} C{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}"/>'
    ).format(x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2)


def took(step: LoopStep, seconds: float | None) -> str:
    """How long a step took, in words."""
    if seconds is not None:
        return f"{seconds:.1f} s"
    # The page itself is written while its own step runs.
    return "this page" if step.name == "report" else "not run"


def _box(
    step: LoopStep,
    place: tuple[float, float],
    wide: float,
    tall: float,
    seconds: float | None,
    longest: float,
) -> Markup:
    x, y = place
    said = took(step, seconds)
    share = 0.0 if seconds is None else seconds / longest
    return Markup(
        '<g class="step {}{}"><title>{}</title>'
        '<rect class="back" x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="6"/>'
        '<rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="6"/>'
        '<text class="name" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
        '<text class="time" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
        '<rect class="share" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="3"/></g>'
    ).format(
        step.role,
        " absent" if said == "not run" else "",
        step.summary,
        x,
        y,
        wide,
        tall,
        x,
        y,
        wide,
        tall,
        x + wide / 2,
        y + 17,
        step.name,
        x + wide / 2,
        y + 32,
        said,
        x + 6,
        y + tall - 6,
        share * (wide - 12),
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line between two places."""
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        kind, x1, y1, x2, y2
    )


def _figure(width: float, height: float, title: str, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img"><title>{}</title>{}</svg>').format(
        width, height, title, Markup().join(parts)
    )


def clipped(text: str, length: int) -> str:
    """The text, shortened where it has more letters than there is room for."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
