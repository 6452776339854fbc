"""What the figures mean, in words for the person who gets the alarm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .plan import DRIFT_SHARE, FEATURES, FEWEST_ROWS, NULL_SHARE


@dataclass(frozen=True)
class Verdict:
    """`stable`, `drifted` or `unknown`, and why."""

    word: str
    text: str


def judge(document: Mapping[str, Any]) -> Verdict:
    """The verdict over a document of drift."""
    rows = int(document["current"]["rows"])
    if rows < FEWEST_ROWS:
        return Verdict(
            "unknown",
            f"{rows} rows in the window are too few to judge: {FEWEST_ROWS} are needed.",
        )
    features = document["features"]
    drifted = [name for name, one in features.items() if one.get("drifted")]
    nulls = [name for name, one in features.items() if one["null_share"]["exceeded"]]
    prediction = document["prediction"].get("drifted", False)
    sentences = [_features(drifted, document["share"])]
    if document["prediction"].get("distance") is not None:
        sentences.append(
            "The predictions have moved." if prediction else "The predictions have not moved."
        )
    if nulls:
        sentences.append(f"More than {NULL_SHARE:.0%} of the values are missing in {_list(nulls)}.")
    if document["log"]["bad"]:
        sentences.append(
            f"{document['log']['bad']} lines of the prediction log break its contract."
        )
    sentences.append(_advice(drifted, document))
    return Verdict("drifted" if document["alarm"] else "stable", " ".join(sentences))


def alarms(share: float, prediction: Mapping[str, Any]) -> bool:
    """Enough features have drifted, or the predictions themselves."""
    return share >= DRIFT_SHARE or bool(prediction.get("drifted"))


def _features(drifted: Sequence[str], share: float) -> str:
    if not drifted:
        return f"None of {len(FEATURES)} features is farther from training than parts of it are."
    return (
        f"{len(drifted)} of {len(FEATURES)} features ({share:.0%}) are farther from training than "
        f"parts of it are from each other: {_list(drifted)}."
    )


def _advice(drifted: Sequence[str], document: Mapping[str, Any]) -> str:
    if document["alarm"]:
        return (
            "Ask the data's owners what changed, and confirm with labels "
            "before the model is trained again."
        )
    if drifted:
        return f"That is below the share of {DRIFT_SHARE:.0%} that makes an alarm."
    return "Nothing needs to be done."


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
