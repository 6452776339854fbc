"""A small state folder of the product's shape: made-up views, entities with labels, three windows.

The label follows the first number among the features, so that there is something to learn.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airport_weather_training import environment, plan
from airport_weather_training.run_record import execute
from airport_weather_training.settings import PREFIX, Settings, load_settings
from airport_weather_training.steps import steps

ROWS = {"train": 600, "validation": 200, "test": 300, "later": 300}
JOIN_KEYS: list[str] = [
    "origin",
]
VIEWS: dict[str, dict[str, list[str]]] = {
    "place_and_hour": {
        "by": [
            "observation_id",
        ],
        "features": [
            "hour_of_day",
            "airport",
        ],
    },
    "latest": {
        "by": [
            "origin",
        ],
        "features": [
            "temperature_now",
            "dew_point",
            "humidity",
            "air_pressure",
            "visibility",
            "north_wind",
            "east_wind",
            "temperature_mean_6h",
            "temperature_mean_24h",
            "temperature_lowest_24h",
            "temperature_highest_24h",
            "pressure_mean_6h",
        ],
    },
    "day_before": {
        "by": [
            "origin",
        ],
        "features": [
            "temperature_day_before",
        ],
    },
}


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings with a state folder that holds what data engineering hands over."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"{PREFIX}_STATE", str(state))
        end = max(window.end for window in plan.WINDOWS.values())
        patch.setenv(f"{PREFIX}_CLOCK", end.isoformat())
        loaded = load_settings()
        for name in environment.VARIABLES:
            patch.setenv(name, os.environ.get(name, ""))
            patch.delenv(name)
        environment.apply(loaded)
        write_features(state / "features")
        yield loaded


@pytest.fixture(scope="session")
def dataset(settings: Settings) -> Path:
    """The training set, made by the step from the small state."""
    return run_step(settings, "dataset") / "dataset"


@pytest.fixture(scope="session")
def trained(settings: Settings, dataset: Path) -> Path:
    """The model package, made by the step from the small training set."""
    return run_step(settings, "train") / "model"


def run_step(settings: Settings, name: str) -> Path:
    """Run a step as the command line does; returns the folder of the training's outputs."""
    step = next(step for step in steps(settings) if step.name == name)
    execute(step, settings=settings, repository="airport-weather-training", force=True)
    return settings.state / "training"


def write_features(folder: Path) -> None:
    """Views and entities as data engineering writes them."""
    folder.mkdir()
    entities, values = _entities()
    entities.to_parquet(folder / "entities.parquet", index=False)
    for name, view in VIEWS.items():
        table = entities[view["by"]].copy()
        table["event_timestamp"] = entities["event_timestamp"] - timedelta(minutes=1)
        for feature in view["features"]:
            table[feature] = values[feature]
        table.to_parquet(folder / f"{name}.parquet", index=False)


def _entities() -> tuple[pd.DataFrame, dict[str, Any]]:
    generator = np.random.default_rng(7)
    rows = sum(ROWS.values())
    values: dict[str, Any] = {
        name: generator.choice(["a", "b", "c"], rows) if kind == "category" else normal
        for name, kind in plan.FEATURES.items()
        for normal in [generator.normal(10, 3, rows)]
    }
    first = next(name for name, kind in plan.FEATURES.items() if kind == "number")
    noisy = values[first] + generator.normal(0, 1, rows)
    end = plan.WINDOWS["test"].end
    windows = {**plan.WINDOWS, "later": plan.Window(end, end + plan.COMPARED)}
    parts = [
        window.start + (window.end - window.start - timedelta(days=1)) * share
        for name, window in windows.items()
        for share in np.linspace(0, 1, ROWS[name])
    ]
    asked = pd.Series(pd.to_datetime(parts, utc=True)).dt.as_unit("us")
    entities = pd.DataFrame({plan.KEY: [f"key-{row:04d}" for row in range(rows)]})
    for key in JOIN_KEYS:
        entities[key] = [f"{key}-{row:04d}" for row in range(rows)]
    entities["event_timestamp"] = asked
    entities[plan.LABEL] = noisy
    entities["label_known_at"] = asked + timedelta(hours=12)
    entities["excluded"] = pd.Series([None] * rows, dtype=object)
    return entities, values
