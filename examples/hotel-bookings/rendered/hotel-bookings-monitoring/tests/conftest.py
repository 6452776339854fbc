"""A small state folder as the other repositories would leave it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotel_bookings_monitoring.plan import (
    FEATURES,
    KEY,
    LABEL,
    WINDOW,
)
from hotel_bookings_monitoring.settings import Settings

CLOCK = datetime(2024, 6, 1, 12, tzinfo=UTC)
SPLITS = {"train": (8, 2), "validation": (2, 1), "test": (2, 0)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        environment="dev",
        target="local",
        state=tmp_path / "state",
        replayed=CLOCK,
        sources={},
        extra={},
    )


def rows(start: datetime, end: datetime, count: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Rows by the contract of the training set; `shift` moves every feature."""
    generator = np.random.default_rng(seed)
    seconds = np.sort(generator.integers(0, int((end - start).total_seconds()), count))
    columns: dict[str, Any] = {
        KEY: [f"{seed}-{number}" for number in range(count)],
        "event_timestamp": pd.Timestamp(start) + pd.to_timedelta(seconds, unit="s"),
    }
    for name, kind in FEATURES.items():
        numbers = generator.normal(10.0 + 20 * shift, 2.0, count)
        words = generator.choice(list("abc"), count, p=[0.5 - shift / 3, 0.3, 0.2 + shift / 3])
        columns[name] = numbers if kind == "number" else words.astype(object)
    columns[LABEL] = generator.integers(0, 2, count).astype("float64")
    frame = pd.DataFrame(columns)
    frame["event_timestamp"] = frame["event_timestamp"].astype("datetime64[us, UTC]")
    return frame


def splits(shift: float = 0.0) -> dict[str, pd.DataFrame]:
    """Train, validation and test, each a number of windows before the clock."""
    found = {
        name: rows(CLOCK - first * WINDOW, CLOCK - last * WINDOW, 1500, seed)
        for seed, (name, (first, last)) in enumerate(SPLITS.items())
    }
    half = rows(CLOCK - WINDOW, CLOCK, 800, 7, shift)
    before = found["test"]["event_timestamp"] < CLOCK - WINDOW
    found["test"] = pd.concat([found["test"][before], half], ignore_index=True)
    return found


def entry(at: datetime = CLOCK - timedelta(hours=1), **changes: Any) -> dict[str, Any]:
    """A line of the prediction log."""
    values = {name: 1.0 if kind == "number" else "a" for name, kind in FEATURES.items()}
    return {
        "prediction_id": "p",
        "request_id": "r",
        "predicted_at": at.isoformat(),
        "as_of": at.isoformat(),
        "key": "k",
        "mode": "online",
        "model_version": "1",
        "prediction": 0.5,
        "duration_ms": 2.0,
        "features": values,
        **changes,
    }


def write_state(settings: Settings, shift: float = 0.0) -> None:
    """Everything that the step reads, the model package excepted."""
    folder = settings.state / "training" / "dataset"
    folder.mkdir(parents=True)
    for name, frame in splits(shift).items():
        frame.to_parquet(folder / f"{name}.parquet")
    scores = rows(CLOCK, CLOCK + timedelta(seconds=1), 150, 9).drop(columns=LABEL)
    serving = settings.state / "serving"
    serving.mkdir()
    scored = scores.assign(prediction=0.5, model_version="1", event_timestamp=pd.Timestamp(CLOCK))
    scored["event_timestamp"] = scored["event_timestamp"].astype("datetime64[us, UTC]")
    scored.to_parquet(serving / "scores.parquet")
    (serving / "predictions.jsonl").write_text(json.dumps(entry()) + "\n{broken\n", "utf-8")
