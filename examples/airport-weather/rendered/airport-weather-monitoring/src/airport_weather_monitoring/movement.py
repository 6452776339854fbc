"""Step drift: the window before the clock beside what the model was trained on."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from .controls import Distance, measure
from .missing import null_shares
from .model import Model
from .page import page
from .plan import (
    DRIFT_DISTANCE,
    DRIFT_SHARE,
    FEATURES,
    FEWEST_ROWS,
    LABEL,
    NULL_SHARE,
    WINDOW,
)
from .prediction_log import Log
from .run_record import Run, content_hash
from .settings import Settings
from .tables import (
    Current,
    current_rows,
    in_window,
    read_predictions,
    read_scores,
    read_splits,
)
from .verdict import causes_of, judge


def run(settings: Settings, run: Run) -> None:
    """Write drift.json and drift.html."""
    splits, scores, log = read_splits(settings), read_scores(settings), read_predictions(settings)
    current = current_rows(splits, scores, log.frame(), settings.clock)
    run.say(f"{len(current.rows)} {current.source} rows beside {len(splits['train'])} of training")
    document = watch(settings, splits, current, log, scores)
    folder = settings.state / "monitoring"
    run.staged(folder / "drift.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    run.staged(folder / "drift.html").write_text(page(document), "utf-8")
    run.metric("rows", len(current.rows))
    run.metric("drifted_share", document["share"])
    run.metric("bad_log_lines", log.bad)
    run.say(f"{document['verdict']}: {document['words']}")


def watch(
    settings: Settings,
    splits: Mapping[str, pd.DataFrame],
    current: Current,
    log: Log,
    scores: pd.DataFrame,
) -> dict[str, Any]:
    """The document: every figure, then what it means."""
    training = settings.state / "training"
    unseen = splits["test"]
    rows = in_window(unseen, settings.clock)
    before = unseen[~unseen["event_timestamp"].isin(rows["event_timestamp"])]
    document = {
        "clock": settings.clock.isoformat(),
        "window_days": WINDOW.total_seconds() / 86400,
        **moved(settings, training, splits["train"], before, current),
        "served": _served(scores, log),
        "log": {"lines": log.lines, "bad": log.bad, "first_bad": log.first_bad},
    }
    verdict = judge(document)
    return {**document, "verdict": verdict.word, "words": verdict.text}


def moved(
    settings: Settings,
    dossier: Path,
    reference: pd.DataFrame,
    unseen: pd.DataFrame,
    current: Current,
) -> dict[str, Any]:
    """How far features, predictions and labels are from those that a model was made of.

    `reference` are the rows it was trained on, `unseen` labelled rows that it has not learnt from.
    """
    nulls = null_shares(reference, current.rows)
    features = _features(settings, dossier, reference, current.rows)
    prediction = _prediction(settings, dossier, unseen, current.rows)
    drifted = [name for name in features if features[name].get("drifted")]
    share = len(drifted) / len(FEATURES)
    causes = causes_of(share, prediction, nulls)
    return {
        "thresholds": {
            "distance": DRIFT_DISTANCE,
            "share": DRIFT_SHARE,
            "null_share": NULL_SHARE,
        },
        "reference": _extent(reference),
        "current": {"source": current.source, **_extent(current.rows)},
        "features": {
            name: {"type": kind, **features[name], "null_share": nulls[name]}
            for name, kind in FEATURES.items()
        },
        "drifted": drifted,
        "share": share,
        "control": {"share": _control_share(features)},
        "prediction": prediction,
        "label": {"reference": _mean(reference), "current": _mean(current.rows)},
        "causes": causes,
        "alarm": bool(causes),
    }


def _features(
    settings: Settings,
    dossier: Path,
    reference: pd.DataFrame,
    current: pd.DataFrame,
) -> dict[str, dict[str, Any]]:
    if min(len(reference), len(current)) < FEWEST_ROWS:
        return {name: {} for name in FEATURES}
    known_as = content_hash(dossier / "dataset" / "train.parquet")
    measured = measure(settings, reference, current, FEATURES, known_as)
    return {name: _figures(distance) for name, distance in measured.items()}


def _prediction(
    settings: Settings,
    dossier: Path,
    unseen: pd.DataFrame,
    current: pd.DataFrame,
) -> dict[str, Any]:
    """Predictions of now beside those on labelled rows that the model has not learnt from."""
    if min(len(unseen), len(current)) < FEWEST_ROWS:
        return {"words": "too few rows that the model has not learnt from lie before these"}
    model = Model.load(dossier / "model")
    reference, now = _with_prediction(model, unseen), _with_prediction(model, current)
    measured = measure(settings, reference, now, {"prediction": "number"})["prediction"]
    means = {
        "reference": float(reference["prediction"].mean()),
        "current": float(now["prediction"].mean()),
    }
    return {**_figures(measured), "mean": means, "reference": _extent(unseen)}


def _with_prediction(model: Model, frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions of one model on both sides, whatever version was in service."""
    return frame.assign(prediction=model.predict(frame).astype("float64"))


def _figures(distance: Distance) -> dict[str, Any]:
    return {
        **asdict(distance),
        "control": distance.control,
        "threshold": DRIFT_DISTANCE,
        "drifted": distance.drifted,
    }


def _control_share(features: Mapping[str, Mapping[str, Any]]) -> float:
    """The share of features that the threshold alone would call drifted inside the reference."""
    above = [one for one in features.values() if one.get("control", 0.0) > DRIFT_DISTANCE]
    return len(above) / len(FEATURES)


def _extent(frame: pd.DataFrame) -> dict[str, Any]:
    moment = frame["event_timestamp"]
    if moment.empty:
        return {"rows": 0, "start": None, "end": None}
    return {
        "rows": len(frame),
        "start": moment.min().isoformat(),
        "end": moment.max().isoformat(),
    }


def _mean(frame: pd.DataFrame) -> float | None:
    """Mean label, where labels are known."""
    known = frame[LABEL].dropna() if LABEL in frame.columns else pd.Series(dtype="float64")
    return float(known.mean()) if len(known) else None


def _served(scores: pd.DataFrame, log: Log) -> dict[str, Any]:
    """What was predicted in the last batch and online in the window."""
    online = log.frame()
    return {
        "batch": {"rows": len(scores), "mean": float(scores["prediction"].mean())},
        "online": {
            "rows": len(online),
            "mean": float(online["prediction"].mean()) if len(online) else None,
        },
        "model_versions": sorted(
            {str(version) for version in [*scores["model_version"], *online["model_version"]]}
        ),
    }
