"""Batch scoring takes who is due, from the offline store, and agrees with the service."""

import json
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from conftest import (
    KEY,
    KEYS,
    NOW,
    Registry,
    Store,
    row,
)

from flight_delays_serving.faults import Fault
from flight_delays_serving.predictor import Predictor
from flight_delays_serving.run_record import execute
from flight_delays_serving.settings import Settings
from flight_delays_serving.steps import steps

LEAD = timedelta(hours=2)
HORIZON = timedelta(days=1)
JOIN_KEYS: list[str] = [
    "origin",
    "tailnum",
    "carrier",
    "dest",
]


def entities(settings: Settings) -> None:
    """Two that are due, the moment before them and the moment after."""
    moment = timedelta(seconds=1)
    instants = [NOW, NOW + HORIZON - moment, NOW - moment, NOW + HORIZON]
    folder = settings.state / "features"
    folder.mkdir(parents=True)
    pd.DataFrame(
        {
            KEY: [*KEYS, "passed", "later"],
            **{name: ["x"] * 4 for name in JOIN_KEYS},
            "event_timestamp": [pd.Timestamp(instant - LEAD) for instant in instants],
        }
    ).to_parquet(folder / "entities.parquet")
    (settings.state / "training").mkdir()
    (settings.state / "training" / "registration.json").write_text("{}", "utf-8")


def run_step(settings: Settings) -> None:
    step = next(step for step in steps(settings) if step.name == "score")
    execute(step, settings=settings, repository="test")


def test_batch_equals_online(settings: Settings, models: Registry, store: Store) -> None:
    entities(settings)
    models.add("1")
    run_step(settings)
    scores = pd.read_parquet(settings.state / "serving" / "scores.parquet")
    assert scores[KEY].tolist() == list(KEYS)
    assert set(scores["event_timestamp"]) == {pd.Timestamp(NOW)}
    predictor = Predictor(settings)
    predictor.champion.refresh()
    answer = predictor.answer(json.dumps({"keys": list(KEYS)}).encode())
    online = [entry["prediction"] for entry in answer.document["predictions"]]
    np.testing.assert_allclose(scores["prediction"], online, rtol=1e-9)
    document = json.loads((settings.state / "serving" / "scores.json").read_text("utf-8"))
    assert (document["rows"], document["model_version"]) == (2, "1")
    assert document["null_share"][list(row(0))[-1]] == 1.0


def test_nobody_due_is_said(settings: Settings, models: Registry, store: Store) -> None:
    entities(settings)
    models.add("1")
    path = settings.state / "features" / "entities.parquet"
    pd.read_parquet(path).iloc[2:].to_parquet(path)
    with pytest.raises(Fault, match="clock"):
        run_step(settings)


def test_no_champion_is_said(settings: Settings, models: Registry, store: Store) -> None:
    entities(settings)
    with pytest.raises(Fault, match="champion"):
        run_step(settings)
    assert not (settings.state / "serving" / "scores.parquet").exists()
