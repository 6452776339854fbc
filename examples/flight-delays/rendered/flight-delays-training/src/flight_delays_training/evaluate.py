"""Step evaluate: the model beside its baseline, by window, by slice and by feature."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from .baseline import Baseline
from .measures import Values, measure, score
from .model import Model
from .plan import LABEL, METRIC, SLICES, WINDOWS
from .run_record import Run
from .settings import Settings

IMPORTANCE_ROWS: Final = 5000


def run(settings: Settings, run: Run) -> None:
    """Write evaluation.json of the first model."""
    training = settings.state / "training"
    path = run.staged(training / "evaluation.json")
    evaluate(run, training / "dataset", training / "model", path)


def evaluate(run: Run, dataset: Path, package: Path, path: Path) -> dict[str, Any]:
    """Measure a model on the windows of its training set, by the contract metrics."""
    model = Model.load(package)
    frames = {name: read_window(dataset, name) for name in WINDOWS}
    baseline = Baseline.learn(pd.concat([frames["train"], frames["validation"]]))
    predicted = {name: model.predict(frame) for name, frame in frames.items()}
    test = frames["test"]
    document: dict[str, Any] = {
        "problem": "binary-classification",
        "metric": METRIC,
        "package": model.digest,
        "rows": {name: len(frame) for name, frame in frames.items()},
        # The final model has seen the labels of train and validation; only test is a judgement.
        "in_sample": ["train", "validation"],
        "model": {name: measure(labels(frame), predicted[name]) for name, frame in frames.items()},
        "baseline": {
            name: measure(labels(frame), baseline.predict(frame)) for name, frame in frames.items()
        },
        "slices": slices(test, predicted["test"]),
        "calibration": calibration(labels(test), predicted["test"]),
        "importance": importance(model, test, run.seed),
    }
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    for side in ("model", "baseline"):
        for name, value in document[side]["test"].items():
            if value is not None:
                run.metric(f"{side}.test.{name}", value)
    own, other = (document[side]["test"][METRIC] for side in ("model", "baseline"))
    run.say(f"{METRIC} on test: {own:.4f}, baseline {other:.4f}")
    return document


def slices(frame: pd.DataFrame, predicted: Any) -> list[dict[str, Any]]:
    """Metrics of each value of the sliced features, missing values included."""
    found: list[dict[str, Any]] = []
    for feature in SLICES:
        for value, rows in frame.groupby(feature, dropna=False).indices.items():
            found.append(
                {
                    "feature": feature,
                    "value": None if pd.isna(value) else str(value),
                    "rows": len(rows),
                    "metrics": measure(labels(frame)[rows], predicted[rows]),
                }
            )
    return found


def importance(model: Model, frame: pd.DataFrame, seed: int) -> dict[str, float]:
    """How much worse the metric gets when a feature is shuffled, most important first."""
    generator = np.random.default_rng(seed)
    sample = frame.iloc[np.sort(generator.permutation(len(frame))[:IMPORTANCE_ROWS])]
    label = labels(sample)
    whole = score(measure(label, model.predict(sample)))
    losses: dict[str, float] = {}
    for name in model.names:
        shuffled = sample.assign(**{name: generator.permutation(sample[name].to_numpy())})
        losses[name] = whole - score(measure(label, model.predict(shuffled)))
    return dict(sorted(losses.items(), key=lambda item: (-item[1], item[0])))


def labels(frame: pd.DataFrame) -> Any:
    """The label of each row as a number."""
    return frame[LABEL].to_numpy(dtype=np.float64)


def read_window(dataset: Path, window: str) -> pd.DataFrame:
    """One window of a training set, in the order of time."""
    return pd.read_parquet(dataset / f"{window}.parquet")


def calibration(label: Values, predicted: Values, bins: int = 10) -> list[dict[str, float]]:
    """Mean prediction beside the observed rate, in bins of equal size from low to high."""
    order = np.argsort(predicted, kind="stable")
    return [
        {
            "rows": len(part),
            "lowest": float(predicted[part[0]]),
            "highest": float(predicted[part[-1]]),
            "predicted": float(predicted[part].mean()),
            "observed": float(label[part].mean()),
        }
        for part in np.array_split(order, bins)
        if len(part)
    ]
