"""What makes the loop train a challenger, each with its figure, its threshold and its words."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .plan import DRIFT_RETRAINS, DRIFT_SHARE, EVERY, NEW_ROWS
from .verdict import DATA, PREDICTIONS


def triggers(
    quality: Mapping[str, Any],
    drift: Mapping[str, Any],
    *,
    age: timedelta,
    new_rows: int,
    by_hand: str,
) -> list[dict[str, Any]]:
    """All of them, fired or not."""
    return [
        _trigger(
            "quality_drop",
            quality["alert"],
            quality["drop"],
            quality["threshold"],
            quality["words"],
        ),
        _trigger(
            "drift",
            # Values that are missing are to be found, not to be learnt.
            DRIFT_RETRAINS and not {DATA, PREDICTIONS}.isdisjoint(drift["causes"]),
            drift["share"],
            DRIFT_SHARE,
            _drift_words(drift),
        ),
        _trigger(
            "every",
            EVERY is not None and age >= EVERY,
            age / timedelta(days=1),
            None if EVERY is None else EVERY / timedelta(days=1),
            f"The champion has learnt nothing for {age.days} days{_limit(EVERY)}.",
        ),
        _trigger(
            "new_rows",
            NEW_ROWS is not None and new_rows >= NEW_ROWS,
            new_rows,
            NEW_ROWS,
            f"{new_rows} labelled rows are new to the champion"
            + (f", {NEW_ROWS} are enough to retrain." if NEW_ROWS is not None else "."),
        ),
        _trigger(
            "manual",
            bool(by_hand),
            None,
            None,
            f"Asked for by hand: {by_hand}." if by_hand else "Nobody asked for it.",
        ),
    ]


def age_of(learnt_until: datetime, now: datetime) -> timedelta:
    """How long the champion has learnt nothing."""
    return max(now - learnt_until, timedelta(0))


def summary(found: list[dict[str, Any]], quality: Mapping[str, Any], causes: Sequence[str]) -> str:
    """The decision in words that need no figure to be understood."""
    fired = [one for one in found if one["fired"]]
    if fired:
        return f"A challenger is trained. {' '.join(one['words'] for one in fired)}"
    if DATA in causes:
        said = "The data have drifted, and no rule retrains for that alone."
    elif PREDICTIONS in causes:
        said = "The predictions have moved, and no rule retrains for that alone."
    elif causes:
        said = "More values are missing than in training; no model mends that."
    else:
        said = "Nothing asks for a challenger."
    return f"{said} {quality['words']}"


def _trigger(
    name: str, fired: bool, value: float | None, threshold: float | None, words: str
) -> dict[str, Any]:
    return {
        "name": name,
        "fired": bool(fired),
        "value": value,
        "threshold": threshold,
        "words": words,
    }


def _drift_words(drift: Mapping[str, Any]) -> str:
    words = f"{drift['share']:.0%} of the features have drifted, {DRIFT_SHARE:.0%} are an alarm"
    if drift["prediction"].get("drifted"):
        words += "; the predictions have moved"
    return f"{words}." if DRIFT_RETRAINS else f"{words}; drift alone does not retrain here."


def _limit(every: timedelta | None) -> str:
    return "" if every is None else f", {every / timedelta(days=1):g} are allowed"
