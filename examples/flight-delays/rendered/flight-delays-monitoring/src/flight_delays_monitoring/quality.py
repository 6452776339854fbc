"""Is the model still as good as on its own test window? Labels tell, as far as they are known.

A metric moves by chance, and rows of one day resemble each other. So the drop is judged three ways:
it must exceed the threshold of the product; the drop between resamples of the reference's own days,
where nothing has changed (its control); and zero in 95 % of the resamples of both windows' days.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from .measures import HIGHER_IS_BETTER, WEEK, Judged, better, draws, judged, resampled, value, weeks
from .plan import FEWEST_DAYS, FEWEST_ROWS, LABEL, METRIC, QUALITY_DROP, SEED

LOW, HIGH = 0.05, 0.95
UNKNOWN: Final[Mapping[str, Any]] = {
    "drop": None,
    "drop_low": None,
    "drop_high": None,
    "control": None,
    "alert": False,
}


def quality(reference: pd.DataFrame, current: pd.DataFrame, version: str) -> dict[str, Any]:
    """The metric then and now with its intervals, week by week, and whether it has dropped.

    Both tables hold label, prediction and instant; only what `version` predicted is compared with
    its own test window.
    """
    own = current[current["model_version"].astype(str) == version]
    before, now = _judged(reference), _judged(own)
    document: dict[str, Any] = {
        "metric": METRIC,
        "higher_is_better": HIGHER_IS_BETTER[METRIC],
        "version": version,
        "reference": {**_extent(reference), "value": value(METRIC, before), **_interval(before)},
        "current": {**_extent(own), "value": value(METRIC, now), **_interval(now)},
        "other_versions": len(current) - len(own),
        "weeks": _weeks(current),
        "threshold": QUALITY_DROP,
        **UNKNOWN,
    }
    if _enough(before) and _enough(now):
        document.update(_drop(before, now))
    return {**document, "words": _words(document)}


def _enough(rows: Judged) -> bool:
    known = value(METRIC, rows) is not None
    return known and rows.days >= FEWEST_DAYS and len(rows.label) >= FEWEST_ROWS


def _drop(before: Judged, now: Judged) -> dict[str, Any]:
    """How much worse it is now, in the metric's unit; more than nothing is worse."""
    then, today = value(METRIC, before), value(METRIC, now)
    drop = float(better(METRIC, then) - better(METRIC, today))
    kept = _resampled(before, SEED)
    drops = kept - _resampled(now, SEED + 1)
    # Nothing has changed inside the reference: so far apart are draws as long as the current window.
    nothing = kept - _resampled(before, SEED + 2, now.days)
    low, high = (float(end) for end in np.nanquantile(drops, [LOW, HIGH]))
    control = float(np.nanquantile(nothing, HIGH))
    limit: float | None = QUALITY_DROP
    return {
        "drop": drop,
        "drop_low": low,
        "drop_high": high,
        "control": control,
        "alert": limit is not None and drop > max(limit, control) and low > 0,
    }


def _resampled(rows: Judged, seed: int, days: int | None = None) -> Any:
    return better(METRIC, resampled(METRIC, rows, draws(rows.days, seed, size=days)))


def _interval(rows: Judged) -> dict[str, float | None]:
    """Where the metric lies in 90 % of the resamples of the days."""
    found = resampled(METRIC, rows, draws(rows.days, SEED))
    known = found[~np.isnan(found)]
    if not len(known) or rows.days < 2:
        return {"low": None, "high": None}
    low, high = np.quantile(known, [LOW, HIGH])
    return {"low": float(low), "high": float(high)}


def _weeks(frame: pd.DataFrame) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start, inside in weeks(frame["event_timestamp"]):
        part = frame[inside]
        rows = _judged(part)
        versions = part["model_version"].astype(str)
        found.append(
            {
                "start": start.isoformat(),
                "end": (start + WEEK).isoformat(),
                "rows": len(part),
                "value": value(METRIC, rows),
                **_interval(rows),
                "version": None if part.empty else str(versions.mode().iloc[0]),
            }
        )
    return found


def _judged(frame: pd.DataFrame) -> Judged:
    return judged(frame[LABEL], frame["prediction"], frame["event_timestamp"])


def _extent(frame: pd.DataFrame) -> dict[str, Any]:
    moment = frame["event_timestamp"]
    if moment.empty:
        return {"start": None, "end": None, "rows": 0}
    start, end = moment.min().isoformat(), moment.max().isoformat()
    return {"start": start, "end": end, "rows": len(frame)}


def _words(document: Mapping[str, Any]) -> str:
    then, today = document["reference"]["value"], document["current"]["value"]
    if document["drop"] is None:
        return (
            f"Unknown: {document['current']['rows']} predictions of version {document['version']} "
            f"have a known label; {FEWEST_ROWS} on {FEWEST_DAYS} days with different labels are "
            "needed."
        )
    drop = document["drop"]
    direction = "worse" if drop > 0 else "better"
    sentence = (
        f"{METRIC} is {today:.4f}, {abs(drop):.4f} {direction} than on the champion's test window "
        f"({then:.4f}); chance alone reaches {document['control']:.4f}"
    )
    if document["threshold"] is None:
        return f"{sentence}. No threshold is set."
    if document["alert"]:
        return f"{sentence}, {document['threshold']} is allowed: it has become worse."
    if drop <= document["threshold"]:
        return f"{sentence}, {document['threshold']} is allowed."
    return f"{sentence}: more than {document['threshold']}, but it may be chance."
