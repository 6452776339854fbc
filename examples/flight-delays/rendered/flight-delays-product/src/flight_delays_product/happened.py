"""What each section on the rounds shows: what happened, what was decided, and why."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from . import moved
from .axes import number_axis, time_axis
from .charts import Level, Mark, Point, Row, Span, row_plot, series_plot
from .contest import contest, title_of
from .documents import counts, mapping, number, read_document, sequence, words
from .history import (
    LoopRound,
    between,
    day,
    instant,
    requests,
    text,
    thresholds_of,
    version_in_service,
    versions,
    window,
)
from .sections import METRIC

MOST: Final = 12  # rounds shown one by one; the tables hold all of them


def happened(state: Path, found: Sequence[LoopRound]) -> dict[str, Any] | None:
    """All sections on the rounds; None when there was no round yet."""
    if not found:
        return None
    known = versions(state, found)
    latest = found[-MOST:]
    seen = {week.version for one in found for week in one.weeks}
    return {
        "short": _short(state, found),
        "timeline": [_entry(one) for one in found],
        "earlier": len(found) - len(latest),
        "versions": [(place, name) for place, name in enumerate(known) if name in seen],
        "metric": title_of(found[-1].metric or METRIC),
        "higher": found[-1].quality.get("higher_is_better") is not False,
        "quality": _quality(found, known),
        "quality_rows": [_quality_row(one, week) for one in found for week in one.weeks],
        "drift": [entry for one in latest if (entry := _drift(one)) is not None],
        "contests": [entry for one in latest if (entry := contest(one, known)) is not None],
        "triggers": [entry for one in latest for entry in _triggers(one)],
        "service": [_service(one) for one in found if one.traffic or one.follow],
        "windows": _windows(state, found, known),
        "trained": [_trained(one) for one in found if one.retrain.get("trained") is True],
    }


def _short(state: Path, found: Sequence[LoopRound]) -> dict[str, Any]:
    version, since = version_in_service(state, found)
    asked, failed = requests(found)
    gaps = [gap for one in found if (gap := number(one.follow.get("longest_gap_ms"))) is not None]
    decided = {name: sum(one.decision == name for one in found) for name in ("promoted", "refused")}
    still = sum(one.decision == "not needed" for one in found)
    starts = [one.start for one in found if one.start] or [one.end for one in found if one.end]
    ends = [one.end for one in found if one.end]
    return {
        "rounds": len(found),
        "span": between(starts[0], ends[-1]) if starts and ends and starts[0] < ends[-1] else "",
        "version": version or "unknown",
        "since": f"since {day(since)}" if since else "from the first training",
        "promoted": decided["promoted"],
        "refused": decided["refused"],
        "still": still,
        "quality": _now(found),
        "requests": asked,
        "failed": failed,
        "gap": max(gaps) if gaps else None,
    }


def _now(found: Sequence[LoopRound]) -> dict[str, Any] | None:
    """The quality of the last round that had labels."""
    for one in reversed(found):
        current = window(one.quality.get("current"), one.champion)
        bounds = thresholds_of(one.quality)
        if current is None:
            continue
        return {
            "metric": title_of(one.metric),
            "value": _number(current.value),
            "interval": _interval(current.low, current.high),
            "alert": one.quality.get("alert") is True,
            "reference": _number(bounds[0]) if bounds else "",
            "threshold": _number(bounds[2]) if bounds else "",
            "version": current.version,
            "side": "below" if one.quality.get("higher_is_better") is not False else "above",
        }
    return None


def _entry(one: LoopRound) -> dict[str, Any]:
    """A round in a few words."""
    trained = one.retrain.get("trained") is True
    stays = f"version {one.champion}" if one.champion else "the champion"
    version = f"version {one.challenger}" if one.challenger else "the challenger"
    alert = one.watch.get("alert") is True
    headline = {
        "promoted": f"{version} replaced {stays}",
        "refused": f"{version} was refused, {stays} stays",
        "not needed": f"{stays} stays, "
        + ("no rule asks for a retraining" if alert else "nothing had to be done"),
    }.get(one.decision, f"{version} trained, not compared yet" if trained else "not decided yet")
    reasons = [
        sentence for sentence in map(text, sequence(one.comparison.get("reasons"))) if sentence
    ]
    watched, retrained = text(one.watch.get("words")), text(one.retrain.get("words"))
    said = [("watched", watched)]
    # Where nothing had to be done, why not is said once.
    if one.decision != "not needed" or not watched:
        said.append(("retrained" if trained else "retraining", retrained))
    if one.decision != "not needed":
        said.append(("decided", "; ".join(reasons)))
    if one.follow.get("needed") is True:
        said.append(("service", text(one.follow.get("words"))))
    return {
        "number": one.number,
        "title": one.title,
        "decision": one.decision,
        "alert": alert,
        "headline": headline[:1].upper() + headline[1:],
        "said": [(name, sentence) for name, sentence in said if sentence],
    }


def _quality(found: Sequence[LoopRound], known: Sequence[str]) -> Any:
    """The metric week by week beside the reference and the alert threshold."""
    points: list[Point] = []
    for one in found:
        for week in one.weeks:
            middle = week.start + (week.end - week.start) / 2
            name = f"{between(week.start, week.end)}, version {week.version or 'unknown'}"
            interval = _interval(week.low, week.high)
            hint = f"{name}: {_number(week.value)}" + (f" ({interval})" if interval else "")
            place = known.index(week.version) if week.version in known else 0
            points.append(Point(middle.timestamp(), week.value, week.low, week.high, place, hint))
    dated = [(one, one.start, one.end) for one in found if one.start and one.end]
    if not points or not dated:
        return None
    levels = [level for one, start, end in dated for level in _levels(one, start, end, known)]
    before = window(dated[0][0].quality.get("reference"))
    start = dated[0][1]
    if before is not None and before.start < start:
        start = before.start
        names: tuple[str, ...] = (
            f"test window of version {dated[0][0].champion}",
            "test window",
            "test",
        )
        bounds = (before.start.timestamp(), min(before.end, dated[0][1]).timestamp())
        place = known.index(dated[0][0].champion) if dated[0][0].champion in known else 0
        whole = f"whole v{place % 6}"
        levels.append(Level(*bounds, before.value, whole, "", "", before.low, before.high))
        spans = [Span(*bounds, names, "span tested")]
    else:
        spans = []
    end = dated[-1][2]
    for place, (one, begun, ended) in enumerate(dated):
        texts = (f"round {one.number}: {one.decision}", f"round {one.number}", str(one.number))
        style = f"span {'odd' if place % 2 else 'even'}"
        spans.append(Span(begun.timestamp(), ended.timestamp(), texts, style))
    values = [level.value for level in levels]
    for level in levels:
        values += [one for one in (level.low, level.high) if one is not None]
    for point in points:
        values += [one for one in (point.value, point.low, point.high) if one is not None]
    metric = title_of(found[-1].metric)
    return series_plot(
        points,
        levels,
        spans,
        (time_axis(start, end, count=9), time_axis(start, end, count=4)),
        number_axis(values),
        title=f"{metric} week by week",
        description=f"{len(points)} weeks; every value stands in the table below.",
    )


def _levels(one: LoopRound, start: datetime, end: datetime, known: Sequence[str]) -> list[Level]:
    """The bounds that hold in a round, and its own value as a whole."""
    ends = (start.timestamp(), end.timestamp())
    bounds = thresholds_of(one.quality)
    found = []
    if bounds is not None:
        found.append(Level(*ends, bounds[0], "level", "reference", _number(bounds[0])))
        if bounds[2] != bounds[1]:
            found.append(Level(*ends, bounds[1], "allowed", "threshold", _number(bounds[1])))
        found.append(Level(*ends, bounds[2], "reference", "alert", _number(bounds[2])))
    current = window(one.quality.get("current"), one.champion)
    if current is not None:
        place = known.index(current.version) if current.version in known else 0
        found.append(Level(*ends, current.value, f"whole v{place % 6}", "", ""))
    return found


def _quality_row(one: LoopRound, week: Any) -> tuple[str, ...]:
    rows = "" if week.rows is None else f"{week.rows:,.0f}"
    interval = _interval(week.low, week.high)
    return (
        between(week.start, week.end),
        str(one.number),
        week.version,
        rows,
        _number(week.value),
        interval,
    )


def _drift(one: LoopRound) -> dict[str, Any] | None:
    document = mapping(one.watch.get("drift"))
    figure = moved.figure(document, f"Round {one.number}: distance of each feature")
    if figure is None:
        return None
    rows = moved.features(document)
    return {
        "number": one.number,
        "title": one.title,
        "figure": figure,
        "rows": rows,
        "drifted": sum(row["drifted"] for row in rows),
        "alarm": document.get("alarm") is True,
        "words": text(document.get("words")),
        "prediction": moved.prediction(document),
        "prediction_drifted": mapping(document.get("prediction")).get("drifted") is True,
    }


def _triggers(one: LoopRound) -> list[dict[str, Any]]:
    found = []
    for trigger in map(mapping, sequence(one.watch.get("triggers"))):
        found.append(
            {
                "number": one.number,
                "title": one.title,
                "name": words(text(trigger.get("name"))),
                "fired": trigger.get("fired") is True,
                "value": _cell(trigger.get("value")),
                "threshold": _cell(trigger.get("threshold")),
                "words": text(trigger.get("words")),
            }
        )
    return found


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    measured = number(value)
    if measured is not None:
        return f"{measured:,.0f}" if measured == int(measured) else f"{measured:,.4g}"
    return text(value) or "none"


def _service(one: LoopRound) -> dict[str, Any]:
    follow, traffic = counts(one.follow), counts(one.traffic)
    latency = counts(one.traffic.get("latency_ms"))
    same = one.follow.get("same_process")
    asked = traffic.get("requests", 0.0) + follow.get("requests", 0.0)
    return {
        "number": one.number,
        "title": one.title,
        "version": text(one.follow.get("version")) or one.champion or "unknown",
        "needed": one.follow.get("needed") is True,
        "requests": f"{asked:,.0f}",
        "failed": f"{traffic.get('failed', 0.0) + follow.get('failed', 0.0):,.0f}",
        "p99": f"{latency['p99']:.1f} ms" if "p99" in latency else "unknown",
        "seconds": _unit(follow.get("seconds_until_in_service"), "s"),
        "gap": _unit(follow.get("longest_gap_ms"), "ms"),
        "same": "yes" if same is True else "no" if same is False else "unknown",
    }


def _unit(value: float | None, unit: str) -> str:
    return (
        "none"
        if value is None
        else f"{value:,.1f} {unit}"
        if value < 100
        else f"{value:,.0f} {unit}"
    )


def _windows(state: Path, found: Sequence[LoopRound], known: Sequence[str]) -> Any:
    """On which rows each version was trained, validated and compared."""
    first = mapping(read_document(state, "dataset").get("windows"))
    version = text(read_document(state, "registration").get("version"))
    trained = [(f"version {version or 'unknown'}", _bars(first))]
    trained += [
        (
            f"version {one.challenger or 'unknown'} ({one.decision})",
            _bars(one.retrain.get("windows")),
        )
        for one in found
        if one.retrain.get("trained") is True
    ]
    rows = [(name, bars) for name, bars in trained if bars]
    ends = [end for _, bars in rows for _, start, stop in bars for end in (start, stop)]
    if not ends:
        return None
    return row_plot(
        [
            Row(
                name,
                "",
                tuple(
                    Mark(
                        "bar",
                        start.timestamp(),
                        stop.timestamp(),
                        f"window {kind}",
                        hint=f"{kind}: {between(start, stop)}",
                    )
                    for kind, start, stop in bars
                ),
            )
            for name, bars in rows
        ],
        (time_axis(min(ends), max(ends), count=9), time_axis(min(ends), max(ends), count=4)),
        title="Windows of training, validation and test, by version",
        description="; ".join(
            f"{name}: " + ", ".join(f"{kind} {between(start, stop)}" for kind, start, stop in bars)
            for name, bars in rows
        ),
    )


def _bars(windows: Any) -> list[tuple[str, datetime, datetime]]:
    found = []
    for kind in ("train", "validation", "test"):
        ends = [instant(one) for one in sequence(mapping(windows).get(kind))]
        if len(ends) == 2 and ends[0] and ends[1] and ends[0] < ends[1]:
            found.append((kind, ends[0], ends[1]))
    return found


def _trained(one: LoopRound) -> dict[str, Any]:
    return {
        "number": one.number,
        "version": one.challenger or "unknown",
        "windows": [(kind, between(*ends)) for kind, *ends in _bars(one.retrain.get("windows"))],
        "rows": [(kind, f"{rows:,.0f}") for kind, rows in counts(one.retrain.get("rows")).items()],
        "parameters": [
            (words(name), f"{value:.4g}")
            for name, value in counts(one.retrain.get("parameters")).items()
        ],
    }


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{_number(low)} to {_number(high)}"
