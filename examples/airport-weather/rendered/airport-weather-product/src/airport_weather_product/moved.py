"""How far each feature moved, beside how far parts of the training window are apart."""

from collections.abc import Mapping
from typing import Any, Final

from .axes import number_axis
from .charts import Mark, Row, row_plot
from .documents import mapping, number, sequence, words

MOST: Final = 30  # features in the figure; the table beside it holds all
DISTANCE: Final = 0.15


def features(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Distance, control and threshold of each feature, the most moved first."""
    found = []
    named = sequence(document.get("drifted"))
    for name, one in mapping(document.get("features")).items():
        own = mapping(one)
        distance = number(own.get("distance"))
        if distance is None:
            continue
        threshold = number(own.get("threshold"))
        found.append(
            {
                "name": words(str(name)),
                "distance": distance,
                "control": number(own.get("control")),
                "threshold": DISTANCE if threshold is None else threshold,
                "drifted": own.get("drifted") is True or name in named,
            }
        )
    return sorted(found, key=lambda one: (-one["distance"], one["name"]))


def prediction(document: Mapping[str, Any]) -> str:
    """How far the prediction moved, its control beside the figure; empty when it is unknown."""
    one = mapping(document.get("prediction"))
    distance, control = number(one.get("distance")), number(one.get("control"))
    if distance is None:
        return ""
    return f"{distance:.3f}, " + ("no control" if control is None else f"control {control:.3f}")


def figure(document: Mapping[str, Any], title: str) -> Any:
    """The distances as dots over the range of their controls; None when there are none."""
    found = features(document)[:MOST]
    if not found:
        return None
    thresholds = sorted({one["threshold"] for one in found})
    ends = [0.0, *thresholds]
    ends += [one["distance"] for one in found] + [one["control"] or 0.0 for one in found]
    drifted = [one["name"] for one in found if one["drifted"]]
    return row_plot(
        [_row(one) for one in found],
        (number_axis(ends, count=8), number_axis(ends, count=4)),
        title=title,
        description=f"{len(found)} features, "
        + (f"moved: {', '.join(drifted)}." if drifted else "none of which moved."),
        lines=[(one, "reference", f"threshold {one:g}") for one in thresholds[:2]],
    )


def _row(one: Mapping[str, Any]) -> Row:
    control = one["control"]
    usual = "" if control is None else f", control {control:.3f}"
    hint = f"{one['name']}: distance {one['distance']:.3f}{usual}"
    marks = (
        *((Mark("bar", 0.0, control, "usual", hint=hint),) if control is not None else ()),
        Mark(
            "dot",
            0.0,
            one["distance"],
            "point moved" if one["drifted"] else "point still",
            shape=2 if one["drifted"] else 0,
            hint=hint,
        ),
    )
    value = f"{one['distance']:.3f} / {'none' if control is None else f'{control:.3f}'}"
    return Row(one["name"], value, marks)
