"""What the figures mean, in words for the person who gets the alarm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .plan import DRIFT_SHARE, FEATURES, FEWEST_ROWS, NULL_SHARE

# What makes an alarm.
DATA: Final = "data"
PREDICTIONS: Final = "predictions"
MISSING: Final = "missing values"


@dataclass(frozen=True)
class Verdict:
    """`stable`, `drifted`, `incomplete` (values are missing) or `unknown`, and why."""

    word: str
    text: str


def judge(document: Mapping[str, Any], *, labels_known: bool = False) -> Verdict:
    """The verdict over a document of drift; `labels_known` where quality is judged beside it."""
    rows = int(document["current"]["rows"])
    if rows < FEWEST_ROWS:
        return Verdict(
            "unknown",
            f"{rows} rows in the window are too few to judge: {FEWEST_ROWS} are needed.",
        )
    features, causes = document["features"], document["causes"]
    drifted = [name for name, one in features.items() if one.get("drifted")]
    sentences = [_features(features, drifted, document["share"]), _prediction(document)]
    sentences.append(_missing(features))
    if causes:
        sentences.append(_advice(causes, labels_known))
    elif drifted:
        sentences.append(f"That is below the share of {DRIFT_SHARE:.0%} that makes an alarm.")
    bad = document.get("log", {}).get("bad")
    if bad:
        sentences.append(
            f"{bad} lines of the prediction log break its contract: "
            "compare its versions in the service and here."
        )
    if not (causes or drifted or bad):
        sentences.append("Nothing needs to be done.")
    return Verdict(_word(causes), " ".join(sentence for sentence in sentences if sentence))


def causes_of(
    share: float, prediction: Mapping[str, Any], nulls: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """What there is an alarm for: enough features, the predictions themselves, missing values."""
    found = {
        DATA: share >= DRIFT_SHARE,
        PREDICTIONS: bool(prediction.get("drifted")),
        MISSING: any(one["exceeded"] for one in nulls.values()),
    }
    return [cause for cause, alarm in found.items() if alarm]


def _word(causes: Sequence[str]) -> str:
    if not causes:
        return "stable"
    return "incomplete" if list(causes) == [MISSING] else "drifted"


def _features(
    features: Mapping[str, Mapping[str, Any]], drifted: Sequence[str], share: float
) -> str:
    if not any("distance" in one for one in features.values()):
        return "How far the features are from training was not measured."
    if not drifted:
        return f"None of {len(FEATURES)} features is farther from training than parts of it are."
    return (
        f"{len(drifted)} of {len(FEATURES)} features ({share:.0%}) are farther from training than "
        f"parts of it are from each other: {_list(drifted)}."
    )


def _prediction(document: Mapping[str, Any]) -> str:
    """Whether the predictions moved, the control beside the figure."""
    one = document["prediction"]
    if one.get("distance") is None:
        return ""
    moved = "have moved" if one["drifted"] else "have not moved"
    return f"The predictions {moved} ({one['distance']:.3f}, control {one['control']:.3f})."


def _missing(features: Mapping[str, Mapping[str, Any]]) -> str:
    nulls = [name for name, one in features.items() if one["null_share"]["exceeded"]]
    if not nulls:
        return ""
    return f"More than {NULL_SHARE:.0%} of the values are missing in {_list(nulls)}."


def _advice(causes: Sequence[str], labels_known: bool) -> str:
    """What to do, once for each kind of alarm."""
    advice = []
    if MISSING in causes:
        advice.append("Find out where the values got lost: at the source or in a join.")
    if DATA in causes or PREDICTIONS in causes:
        advice.append(
            "Ask the data's owners what changed; the labels say whether the model became worse."
            if labels_known
            else "Ask the data's owners what changed, and confirm with labels "
            "before the model is trained again."
        )
    return " ".join(advice)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
