"""Champion beside challenger on the same rows, and whether the difference is more than chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from . import measures
from .measures import HIGHER_IS_BETTER, Values, better, draws, judged, measure, resampled, value
from .plan import BETTER_BY, CONFIDENCE, FEWEST_DAYS, METRIC, SLICES

SIDES: Final = ("champion", "challenger")


@dataclass(frozen=True)
class Paired:
    """Rows that neither model has seen, with the predictions of both."""

    rows: pd.DataFrame
    label: Values
    predicted: Mapping[str, Values]


def compare(paired: Paired, seed: int) -> dict[str, Any]:
    """The figures: metrics of both, and how their difference varies when days are drawn anew.

    Both are measured on the same draws of days, so what makes a day easy or hard for both of them
    cancels out. The share counts the draws in which the challenger is better by more than the rule.
    """
    moment = paired.rows["event_timestamp"]
    sides = {name: judged(paired.label, paired.predicted[name], moment) for name in SIDES}
    counts = draws(sides["champion"].days, seed)
    champion, challenger = (resampled(METRIC, sides[name], counts) for name in SIDES)
    found = {name: measure(paired.label, paired.predicted[name]) for name in SIDES}
    known = ~np.isnan(challenger - champion)
    spread = (challenger - champion)[known]
    gain = better(METRIC, spread)
    own, other = found["challenger"][METRIC], found["champion"][METRIC]
    return {
        "champion": found["champion"],
        "challenger": found["challenger"],
        "days": sides["champion"].days,
        "difference": None if own is None or other is None else own - other,
        "interval": np.quantile(spread, [0.05, 0.95]).tolist() if len(gain) else None,
        # A draw that cannot tell (all labels alike) speaks for nobody.
        "better_share": float((gain > BETTER_BY).sum() / max(len(known), 1)),
    }


def decide(figures: Mapping[str, Any]) -> tuple[bool, list[str]]:
    """Whether the challenger is better by the rule, and the reasons in numbers."""
    if figures["difference"] is None or figures["days"] < FEWEST_DAYS:
        return False, [
            f"failed: {figures['days']} days of labelled rows, {FEWEST_DAYS} with both outcomes "
            "are needed to tell a difference from chance"
        ]
    low, high = figures["interval"]
    own, other = figures["challenger"][METRIC], figures["champion"][METRIC]
    passed = figures["better_share"] >= CONFIDENCE
    margin = f" by more than {BETTER_BY}" if BETTER_BY else ""
    return passed, [
        f"{'passed' if passed else 'failed'}: {METRIC} {own:.4f} beside {other:.4f} of the champion "
        f"({figures['difference']:+.4f}, 90 % of the resamples between {low:+.4f} and {high:+.4f}; "
        f"{'higher' if HIGHER_IS_BETTER[METRIC] else 'lower'} is better); the challenger is better"
        f"{margin} in {figures['better_share']:.1%} of them, at least {CONFIDENCE:.0%} are asked"
    ]


def weeks(paired: Paired) -> list[dict[str, Any]]:
    """The metric of both, week by week."""
    return [
        {
            "start": start.isoformat(),
            "end": (start + measures.WEEK).isoformat(),
            **_both(paired, inside),
        }
        for start, inside in measures.weeks(paired.rows["event_timestamp"])
    ]


def slices(paired: Paired) -> list[dict[str, Any]]:
    """The metric of both for each value of the sliced features."""
    found: list[dict[str, Any]] = []
    for feature in SLICES:
        for name, rows in paired.rows.groupby(feature, dropna=False).indices.items():
            inside = np.zeros(len(paired.rows), dtype=bool)
            inside[rows] = True
            known = None if pd.isna(name) else str(name)
            found.append({"feature": feature, "value": known, **_both(paired, inside)})
    return found


def _both(paired: Paired, inside: Any) -> dict[str, Any]:
    moment = paired.rows["event_timestamp"][inside]
    values = {
        name: value(METRIC, judged(paired.label[inside], paired.predicted[name][inside], moment))
        for name in SIDES
    }
    return {"rows": int(inside.sum()), **values}
