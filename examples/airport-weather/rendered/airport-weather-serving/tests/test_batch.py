"""Batch scoring takes who is due, from the offline store, and agrees with the service."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import (
    KEY,
    KEYS,
    NOW,
    Registry,
    Store,
    row,
)
from standins import Family, build

from airport_weather_serving.predictor import Predictor
from airport_weather_serving.scores import SCHEMA
from airport_weather_serving.settings import PREFIX, Settings

LEAD = timedelta(hours=6)
HORIZON = timedelta(days=1)
JOIN_KEYS: list[str] = [
    "origin",
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
    ).astype({"event_timestamp": "datetime64[us, UTC]"}).to_parquet(folder / "entities.parquet")
    (settings.state / "training").mkdir()
    (settings.state / "training" / "registration.json").write_text("{}", "utf-8")


@pytest.fixture
def family(settings: Settings, tmp_path: Path) -> Family:
    """A family whose state is that of the settings, with four of whom two are due."""
    made = build(tmp_path)
    entities(settings)
    return made


def score(family: Family) -> str:
    """Run the step as a user does; the last line of what went wrong, empty when nothing did."""
    done = family.call(["score"], **{f"{PREFIX}_CLOCK": NOW.isoformat()})
    assert "Traceback" not in done.stderr
    return done.stderr.strip() if done.returncode else ""


def test_batch_equals_online(
    family: Family,
    settings: Settings,
    models: Registry,
    store: Store,
) -> None:
    family.add("1")
    models.add("1")
    assert score(family) == ""
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
    assert document["mean_prediction"] == pytest.approx(float(np.mean(online)))
    assert document["null_share"][list(row(0))[-1]] == 1.0


def test_the_columns_have_their_types_whatever_they_hold(
    family: Family,
    settings: Settings,
) -> None:
    family.add("1")
    assert score(family) == ""
    assert pq.read_schema(settings.state / "serving" / "scores.parquet").equals(SCHEMA)


def test_nobody_due_is_said(family: Family, settings: Settings) -> None:
    family.add("1")
    path = settings.state / "features" / "entities.parquet"
    pd.read_parquet(path).iloc[2:].to_parquet(path)
    assert "clock" in score(family)


def test_no_champion_is_said(family: Family, settings: Settings) -> None:
    assert "champion" in score(family)
    assert not (settings.state / "serving" / "scores.parquet").exists()
