"""Step train: search the parameters, then fit the model with the best of them.

Trials learn from the window train and are judged on validation. The final model learns from both,
with as many trees as the best trial needed. Same data and seed, same bytes: the number of threads
is fixed and categories are numbered by the sorted values of the window train.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xgboost

from . import compute
from .measures import measure, score
from .model import Feature, matrix, write_package
from .plan import FEATURES, LABEL, METRIC, MOST_ROUNDS, PATIENCE, SPACE, TRIALS, UNITS
from .run_record import Run
from .settings import Settings
from .trials import Trial

# Trials run side by side instead; two threads that wait for a busy core are slower than one.
THREADS: Final = 1
# What is watched on the validation window to stop in time.
WATCHED: Final = "logloss"


def run(settings: Settings, run: Run) -> None:
    """Write the model package and search.json of the first model."""
    training = settings.state / "training"
    document = train(settings, run, training / "dataset", run.staged(training / "model"))
    search = run.staged(training / "search.json")
    search.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def train(
    settings: Settings,
    run: Run,
    dataset: Path,
    package: Path,
    known: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the model package; returns what was searched, which is nothing with known parameters."""
    with compute.session(settings), _notes(package) as notes:
        if known is None:
            found = compute.search(
                settings,
                SPACE,
                partial(validate, dataset, seed=run.seed, notes=notes),
                trials=TRIALS,
                seed=run.seed,
                on_trial=partial(_tell, run),
            )
            run.metric(f"validation.{METRIC}", abs(found.value))
            parameters, trials = dict(found.parameters), found.trials
        else:
            parameters, trials = dict(known), ()
        rounds = _noted(notes, parameters)
        model, rounds = compute.fit(settings, fit_final, dataset, parameters, run.seed, rounds)
    run.metric("rounds", rounds)
    run.say(f"{'best' if trials else 'taken'}: {_readable(parameters)}, {rounds} trees")
    write_package(package, model, signature(read_features(dataset)))
    return {
        "metric": METRIC,
        "seed": run.seed,
        "parameters": parameters,
        "rounds": rounds,
        "trials": [_described(trial) for trial in trials],
    }


def validate(
    dataset: Path, parameters: Mapping[str, Any], *, seed: int, notes: Path | None = None
) -> float:
    """Fit on train, stop early on validation, and score validation: higher is better."""
    booster = _fit_early(dataset, parameters, seed)
    rounds = booster.best_iteration + 1
    if notes is not None:
        _note(notes, parameters).write_text(str(rounds), "utf-8")
    validation = _matrix(dataset, "validation")
    predicted = booster.predict(validation, iteration_range=(0, rounds))
    return score(measure(validation.get_label().astype(float), predicted.astype(float)))


def fit_final(
    dataset: Path, parameters: Mapping[str, Any], seed: int, rounds: int | None = None
) -> tuple[bytes, int]:
    """The model from train and validation together, and its number of trees.

    Validation tells that number; a trial that is known has told it already.
    """
    rounds = rounds or _fit_early(dataset, parameters, seed).best_iteration + 1
    parts = [pd.read_parquet(dataset / f"{name}.parquet") for name in ("train", "validation")]
    both = matrix(read_features(dataset), pd.concat(parts), LABEL, threads=THREADS)
    booster = xgboost.train(_settled(parameters, seed), both, num_boost_round=rounds)
    return bytes(booster.save_raw("ubj")), rounds


def read_features(dataset: Path) -> tuple[Feature, ...]:
    """The features with the categories that the window train knows."""
    names = [name for name, kind in FEATURES.items() if kind == "category"]
    train = pd.read_parquet(dataset / "train.parquet", columns=names)
    return tuple(
        Feature(name, kind, tuple(sorted(train[name].dropna().unique())) if name in names else ())
        for name, kind in FEATURES.items()
    )


def signature(features: tuple[Feature, ...]) -> dict[str, Any]:
    """What the model takes and gives, by the contract model-signature."""
    described: list[dict[str, Any]] = []
    for feature in features:
        item: dict[str, Any] = {"name": feature.name, "type": feature.type}
        if feature.type == "category":
            item["categories"] = list(feature.categories)
        if feature.name in UNITS:
            item["unit"] = UNITS[feature.name]
        described.append(item)
    return {"problem": "binary-classification", "label": LABEL, "features": described}


def _fit_early(dataset: Path, parameters: Mapping[str, Any], seed: int) -> xgboost.Booster:
    return xgboost.train(
        _settled(parameters, seed),
        _matrix(dataset, "train"),
        num_boost_round=MOST_ROUNDS,
        evals=[(_matrix(dataset, "validation"), "validation")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )


def _settled(parameters: Mapping[str, Any], seed: int) -> dict[str, Any]:
    return {
        "objective": "binary:logistic",
        "eval_metric": WATCHED,
        "tree_method": "hist",
        "seed": seed,
        "nthread": THREADS,
        **parameters,
    }


@lru_cache(maxsize=2)
def _matrix(dataset: Path, window: str) -> xgboost.DMatrix:
    """A worker builds its data once for all its trials."""
    frame = pd.read_parquet(dataset / f"{window}.parquet")
    return matrix(read_features(dataset), frame, LABEL, threads=THREADS)


@contextmanager
def _notes(package: Path) -> Iterator[Path]:
    """A folder beside the package where each trial notes its trees; swept away like the package."""
    folder = package.with_name(f"{package.name.removesuffix('.partial')}.notes.partial")
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _note(notes: Path, parameters: Mapping[str, Any]) -> Path:
    text = json.dumps(dict(parameters), sort_keys=True, default=float)
    return notes / hashlib.sha256(text.encode()).hexdigest()


def _noted(notes: Path, parameters: Mapping[str, Any]) -> int | None:
    note = _note(notes, parameters)
    return int(note.read_text("utf-8")) if note.is_file() else None


def _tell(run: Run, trial: Trial) -> None:
    outcome = "failed" if trial.value is None else f"{METRIC} {abs(trial.value):.4f}"
    run.say(f"trial {trial.number + 1} of {TRIALS}: {outcome} ({_readable(trial.parameters)})")


def _described(trial: Trial) -> dict[str, Any]:
    described = asdict(trial)
    # Wall time differs from run to run; the document is to be the same for the same result.
    del described["seconds"]
    value = described.pop("value")
    if value is None:
        return {**described, "status": "failed", "metrics": {}}
    return {**described, "status": "succeeded", "metrics": {METRIC: abs(value)}}


def _readable(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {np.round(value, 4):g}" for name, value in parameters.items())
