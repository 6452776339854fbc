"""Champion against challenger on the same rows: by week, in slices, and the difference."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .axes import number_axis
from .charts import Mark, Row, row_plot
from .documents import counts, mapping, number, sequence, words
from .figures import text_of
from .history import LoopRound, between, instant, text

MOST: Final = 16  # slices in a figure; the table beside it holds all


def contest(one: LoopRound, versions: Sequence[str]) -> dict[str, Any] | None:
    """What the comparison of a round shows; None when nothing was compared."""
    document = one.comparison
    if document.get("compared") is not True:
        return None
    metric = one.metric
    champion, challenger = mapping(document.get("champion")), mapping(document.get("challenger"))
    own, other = counts(challenger.get("metrics")), counts(champion.get("metrics"))
    sides = (_place(versions, one.champion), _place(versions, one.challenger))
    higher = document.get("higher_is_better") is not False
    weeks = _weeks(document.get("weeks"))
    slices = _slices(document.get("slices"))
    span = mapping(document.get("window"))
    start, end = instant(span.get("start")), instant(span.get("end"))
    return {
        "number": one.number,
        "title": one.title,
        "decision": one.decision,
        "champion": text(champion.get("version")) or "unknown",
        "challenger": text(challenger.get("version")) or "unknown",
        "sides": sides,
        "metric": title_of(metric),
        "direction": "higher is better" if higher else "lower is better",
        "window": between(start, end) if start and end and start < end else "",
        "rows": number(span.get("rows")),
        "reasons": [text(reason) for reason in sequence(document.get("reasons"))],
        "metrics": [
            (title_of(name), name == metric, _short(other.get(name)), _short(own.get(name)))
            for name in dict.fromkeys((*other, *own))
        ],
        "share": number(document.get("better_share")),
        "confidence": number(document.get("confidence")),
        "difference": _difference(document, higher),
        "difference_words": _difference_words(document),
        "weeks": _pairs(weeks, sides, higher, f"{title_of(metric)} by week"),
        "slices": _pairs(
            sorted(slices, key=lambda item: -(item[1] or 0))[:MOST],
            sides,
            higher,
            f"{title_of(metric)} in slices",
        ),
        "week_rows": [_cells(pair) for pair in weeks],
        "slice_rows": [_cells(pair) for pair in slices],
    }


def title_of(metric: str) -> str:
    """A metric's name as people write it."""
    known = {"roc_auc": "ROC AUC", "brier": "Brier score", "rmse": "RMSE", "mae": "MAE", "r2": "R²"}
    return known.get(metric, words(metric)) or "the metric"


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.4f}".replace("-", "\u2212")


Pair = tuple[str, float | None, float, float]  # label, rows, champion, challenger


def _weeks(value: Any) -> list[Pair]:
    found: list[Pair] = []
    for own in map(mapping, sequence(value)):
        start, end = instant(own.get("start")), instant(own.get("end"))
        name = between(start, end) if start and end and start < end else "a week"
        found.extend(_pair(name, own))
    return found


def _slices(value: Any) -> list[Pair]:
    found: list[Pair] = []
    for own in map(mapping, sequence(value)):
        name = "unknown" if own.get("value") is None else text(own.get("value"))
        found.extend(_pair(f"{words(text(own.get('feature')))} {name}", own))
    return found


def _pair(name: str, own: Mapping[str, Any]) -> list[Pair]:
    champion, challenger = number(own.get("champion")), number(own.get("challenger"))
    if champion is None or challenger is None:
        return []
    return [(name, number(own.get("rows")), champion, challenger)]


def _pairs(pairs: Sequence[Pair], sides: tuple[int, int], higher: bool, title: str) -> Any:
    if not pairs:
        return None
    ends = [value for pair in pairs for value in pair[2:]]
    won = sum(_better(pair, higher) for pair in pairs)
    return row_plot(
        [_row(pair, sides, higher) for pair in pairs],
        (number_axis(ends, count=7), number_axis(ends, count=4)),
        title=title,
        description=f"The challenger is better in {won} of {len(pairs)}.",
    )


def _better(pair: Pair, higher: bool) -> bool:
    return pair[3] > pair[2] if higher else pair[3] < pair[2]


def _row(pair: Pair, sides: tuple[int, int], higher: bool) -> Row:
    name, rows, champion, challenger = pair
    hint = f"{name}: champion {_short(champion)}, challenger {_short(challenger)}"
    style = "good" if _better(pair, higher) else "bad" if champion != challenger else "even"
    marks = (
        Mark("line", champion, challenger, f"link {style}", hint=hint),
        Mark("dot", 0.0, champion, f"point hollow v{sides[0] % 6}", sides[0], hint),
        Mark("dot", 0.0, challenger, f"point v{sides[1] % 6}", sides[1], hint),
    )
    label = name if rows is None else f"{name} ({rows:,.0f})"
    return Row(label, signed(challenger - champion), marks)


def _difference(document: Mapping[str, Any], higher: bool) -> Any:
    middle = number(document.get("difference"))
    ends = [one for one in map(number, sequence(document.get("interval"))) if one is not None]
    if middle is None or len(ends) != 2:
        return None
    asked = number(document.get("better_by")) or 0.0
    bound = asked if higher else -asked
    values = [0.0, bound, middle, *ends]
    better = middle > bound if higher else middle < bound
    hint = f"{signed(middle)}, from {signed(ends[0])} to {signed(ends[1])}"
    lines = [(0.0, "axis", "no difference")]
    if asked:
        lines.append((bound, "reference", f"asked for: {signed(bound)}"))
    return row_plot(
        [
            Row(
                "",
                signed(middle),
                (
                    Mark(
                        "line", ends[0], ends[1], "link " + ("good" if better else "bad"), hint=hint
                    ),
                    Mark("dot", 0.0, middle, "point still", hint=hint),
                ),
            )
        ],
        (number_axis(values, count=7), number_axis(values, count=4)),
        title="Challenger minus champion, with its interval",
        description=hint,
        lines=lines,
    )


def _difference_words(document: Mapping[str, Any]) -> str:
    middle = number(document.get("difference"))
    ends = [one for one in map(number, sequence(document.get("interval"))) if one is not None]
    if middle is None:
        return ""
    if len(ends) != 2:
        return signed(middle)
    return f"{signed(middle)} ({signed(ends[0])} to {signed(ends[1])})"


def _cells(pair: Pair) -> tuple[str, str, str, str, str]:
    name, rows, champion, challenger = pair
    known = "" if rows is None else f"{rows:,.0f}"
    return name, known, _short(champion), _short(challenger), signed(challenger - champion)


def _short(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:.4f}" if abs(value) < 10 else text_of(value)


def _place(versions: Sequence[str], version: str) -> int:
    return versions.index(version) if version in versions else 0
