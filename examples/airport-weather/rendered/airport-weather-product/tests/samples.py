"""Rounds of the loop as its steps leave them: nothing to do, refused, promoted, and then quiet."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airport_weather_product.prediction import UNITS

METRIC = "rmse"
HIGHER = METRIC not in {"brier", "log_loss", "rmse", "mae"}
BEGIN = datetime(2013, 10, 1, 12, tzinfo=UTC)
DAYS = 28
DECISIONS = ("not needed", "refused", "promoted", "not needed")
# How far the metric lies from the reference in each round, towards the worse.
WORSE = (0.005, 0.034, 0.041, 0.002)
REFERENCE = 0.7205


def write_rounds(state: Path, decisions: tuple[str, ...] = DECISIONS) -> None:
    """Write the documents of one round per decision."""
    draw = random.Random(7)
    champion = 1
    challenger = 1
    for place, decision in enumerate(decisions):
        start = BEGIN + timedelta(days=DAYS * place)
        end = start + timedelta(days=DAYS)
        if decision != "not needed":
            challenger += 1
        documents = _round(draw, start, end, decision, champion, challenger, place)
        folder = state / "rounds" / f"{end:%Y%m%dT%H%MZ}"
        folder.mkdir(parents=True)
        for name, document in documents.items():
            given = {"round": {"start": _text(start), "end": _text(end)}, **document}
            (folder / f"{name}.json").write_text(json.dumps(given), "utf-8")
        if decision == "promoted":
            champion = challenger


def _round(
    draw: random.Random,
    start: datetime,
    end: datetime,
    decision: str,
    champion: int,
    challenger: int,
    place: int,
) -> dict[str, dict[str, Any]]:
    trained = decision != "not needed"
    watch = _watch(draw, start, end, champion, WORSE[place % 4], trained)
    windows = {
        "train": ["2013-01-08T00:00:00+00:00", _text(end - timedelta(days=2 * DAYS))],
        "validation": [_text(end - timedelta(days=2 * DAYS)), _text(end - timedelta(days=DAYS))],
        "test": [_text(end - timedelta(days=DAYS)), _text(end)],
    }
    retrain = {
        "trained": trained,
        "words": "Trained anew because the quality dropped, on 236,410 rows."
        if trained
        else "Not needed: no trigger fired.",
        "windows": windows if trained else {},
        "rows": {"train": 236410, "validation": 27801, "test": 26734} if trained else {},
        "parameters": {"learning_rate": 0.1, "max_depth": 6} if trained else {},
        "rounds": 140 if trained else None,
    }
    promoted = decision == "promoted"
    follow = {
        "needed": promoted,
        "version": str(challenger if promoted else champion),
        "seconds_until_in_service": 2.4 if promoted else 0.0,
        "requests": 318 if promoted else 0,
        "failed": 0,
        "longest_gap_ms": 212.0 if promoted else 118.0,
        "same_process": True,
        "words": f"The service answered with version {challenger} after 2.4 s; 318 requests, none failed."
        if promoted
        else "Not needed: the champion is the same.",
    }
    traffic = {
        "source": "replayed",
        "requests": 260,
        "rows": 25911 + 137 * place,
        "failed": 0,
        "versions": {str(champion): 25911 + 137 * place},
        "latency_ms": {"p50": 38.1, "p99": 92.7},
        "service": {},
    }
    return {
        "traffic": traffic,
        "watch": watch,
        "retrain": retrain,
        "comparison": _comparison(draw, start, end, decision, champion, challenger),
        "follow": follow,
    }


def _watch(
    draw: random.Random, start: datetime, end: datetime, champion: int, worse: float, retrain: bool
) -> dict[str, Any]:
    sign = -1 if HIGHER else 1
    current = REFERENCE + sign * worse
    weeks = []
    for number in range(4):
        value = current + draw.uniform(-0.014, 0.014)
        weeks.append(
            {
                "start": _text(start + timedelta(days=7 * number)),
                "end": _text(start + timedelta(days=7 * number + 7)),
                "rows": 6300 + 40 * number,
                "value": value,
                "low": value - 0.013,
                "high": value + 0.013,
                "version": str(champion),
            }
        )
    features = {name: _distance(draw) for name in UNITS}
    drifted = [name for name, one in features.items() if one["drifted"]]
    return {
        "reference": {"folder": "training", "version": str(champion)},
        "drift": {
            "features": features,
            "share": len(drifted) / len(features),
            "alarm": len(drifted) > len(features) / 2,
            "words": f"{len(drifted)} of {len(features)} features moved further than their control.",
            "prediction": {"distance": 0.119, "control": 0.2, "drifted": False},
        },
        "quality": {
            "metric": METRIC,
            "higher_is_better": HIGHER,
            "reference": {
                "start": "2013-09-01T00:00:00+00:00",
                "end": "2013-10-01T00:00:00+00:00",
                "rows": 26734,
                "value": REFERENCE,
                "low": REFERENCE - 0.011,
                "high": REFERENCE + 0.012,
            },
            "current": {
                "start": _text(start),
                "end": _text(end),
                "rows": 25440,
                "value": current,
                "low": current - 0.008,
                "high": current + 0.008,
            },
            "weeks": weeks,
            "drop": worse,
            "control": 0.027,
            "drop_low": worse - 0.009,
            "threshold": 0.02,
            "alert": retrain,
        },
        "triggers": [
            {
                "name": "quality_drop",
                "fired": retrain,
                "value": worse,
                "threshold": 0.02,
                "words": f"{METRIC} is {worse:.3f} worse than on the champion's own test window, "
                f"at least {worse - 0.009:.3f} of it beyond chance.",
            },
            {"name": "drift", "fired": False, "value": False, "threshold": False, "words": "off"},
            {
                "name": "every",
                "fired": False,
                "value": 92,
                "threshold": 180,
                "words": "The champion's training window ended 92 days ago.",
            },
        ],
        "alert": retrain,
        "retrain": retrain,
        "words": f"{METRIC} {current:.3f} against {REFERENCE:.3f} on the champion's test window: "
        + ("an alert; retrain." if retrain else "no alert, no trigger fired."),
    }


def _distance(draw: random.Random) -> dict[str, Any]:
    control = draw.uniform(0.004, 0.08)
    distance = control * draw.uniform(0.5, 3.4)
    return {
        "type": "number",
        "distance": distance,
        "controls": {"halves by day": control},
        "control": control,
        "threshold": 0.1,
        "drifted": distance > 0.1,
    }


def _comparison(
    draw: random.Random,
    start: datetime,
    end: datetime,
    decision: str,
    champion: int,
    challenger: int,
) -> dict[str, Any]:
    if decision == "not needed":
        reasons = ["no rule asked for a challenger"]
        return {"compared": False, "decision": decision, "reasons": reasons}
    promoted = decision == "promoted"
    gain = (0.0163 if promoted else 0.0012) * (1 if HIGHER else -1)
    weeks, slices = [], []
    for number in range(4):
        value = 0.69 + draw.uniform(-0.02, 0.02)
        weeks.append(
            {
                "start": _text(start + timedelta(days=7 * number)),
                "end": _text(start + timedelta(days=7 * number + 7)),
                "rows": 6300,
                "champion": value,
                "challenger": value + gain + draw.uniform(-0.006, 0.006),
            }
        )
    for name in ("AA", "B6", "DL", "EV", None):
        value = 0.69 + draw.uniform(-0.05, 0.05)
        slices.append(
            {
                "feature": "somewhere",
                "value": name,
                "rows": draw.randint(300, 6000),
                "champion": value,
                "challenger": value + gain + draw.uniform(-0.01, 0.01),
            }
        )
    share = 0.996 if promoted else 0.61
    return {
        "compared": True,
        "decision": decision,
        "reasons": [
            f"{'passed' if promoted else 'failed'}: better in {share:.1%} of 1,000 resamples of whole "
            "days, 90 % are asked for",
            f"passed: {METRIC} {0.6795 + gain:.4f}, at least 0.66 is asked",
        ],
        "window": {"start": _text(start), "end": _text(end), "rows": 25440},
        "metric": METRIC,
        "higher_is_better": HIGHER,
        "champion": {"version": str(champion), "metrics": {METRIC: 0.6795, "other": 0.1312}},
        "challenger": {
            "version": str(challenger),
            "metrics": {METRIC: 0.6795 + gain, "other": 0.1287},
        },
        "difference": gain,
        "interval": [gain - 0.0062, gain + 0.0065],
        "better_share": share,
        "confidence": 0.9,
        "better_by": 0.0,
        "weeks": weeks,
        "slices": slices,
    }


def _text(instant: datetime) -> str:
    return instant.isoformat()
