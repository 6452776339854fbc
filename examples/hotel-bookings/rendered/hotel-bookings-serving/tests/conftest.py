"""A tiny model, features of two booking rows, and a registry that hands both out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
import xgboost

from hotel_bookings_serving import (
    features,
    registry,
)
from hotel_bookings_serving.faults import Fault
from hotel_bookings_serving.model import write_package
from hotel_bookings_serving.scoring import (
    FEATURES,
    LABEL,
    PROBLEM,
)
from hotel_bookings_serving.settings import Settings

KEY: Final = "booking_id"
KEYS: Final = ("known-1", "known-2")
NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a state folder of their own."""
    return Settings(
        environment="test",
        target="local",
        state=tmp_path / "state",
        replayed=NOW,
        sources={},
        extra={},
    )


def row(number: int) -> dict[str, float | str | None]:
    """A full row: numbers count up, every category is "a" or "b", the last feature is missing."""
    values: dict[str, float | str | None] = {
        name: "ab"[number % 2] if type_ == "category" else float(10 * number + position)
        for position, (name, type_) in enumerate(FEATURES.items())
    }
    values[list(FEATURES)[-1]] = None
    return values


def package(folder: Path, *, rounds: int = 3, order: Sequence[str] = tuple(FEATURES)) -> Path:
    """Train a model on noise whose answer depends on every column, and write its package."""
    noise = np.random.default_rng(rounds)
    values = noise.uniform(0, 30, size=(400, len(order))).astype(np.float32)
    for position, name in enumerate(order):
        if FEATURES[name] == "category":
            values[:, position] = noise.integers(0, 2, size=400)
    label = (values.sum(axis=1) > np.median(values.sum(axis=1))).astype(np.float32)
    data = xgboost.DMatrix(
        values,
        label=label,
        feature_names=list(order),
        feature_types=["c" if FEATURES[name] == "category" else "q" for name in order],
        enable_categorical=True,
    )
    objective = "reg:squarederror" if PROBLEM == "regression" else "binary:logistic"
    booster = xgboost.train({"objective": objective, "nthread": 1}, data, num_boost_round=rounds)
    columns = [
        {"name": name, "type": FEATURES[name]}
        | ({"categories": ["a", "b"]} if FEATURES[name] == "category" else {})
        for name in order
    ]
    signature = {"problem": PROBLEM, "label": LABEL, "features": columns}
    write_package(folder, bytes(booster.save_raw("ubj")), signature)
    return folder


@dataclass
class Registry:
    """Stands for the registry: versions are folders, `champion` names one of them."""

    root: Path
    champion: str | None = None
    alias: str = "champion"

    def add(self, version: str, **how: Any) -> None:
        """A new version, which becomes the champion."""
        package(self.root / version, **how)
        self.champion = version

    def current(self, settings: Settings, alias: str) -> str | None:
        """The version that has the alias."""
        return self.champion if alias == self.alias else None

    def load(self, settings: Settings, alias: str, into: Path) -> registry.ModelVersion:
        """Copy the champion's package."""
        if self.champion is None or alias != self.alias:
            raise Fault("no model has the alias champion; train one")
        into.mkdir(parents=True)
        for file in (self.root / self.champion).iterdir():
            (into / file.name).write_bytes(file.read_bytes())
        return registry.ModelVersion(self.champion, "0" * 64)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """An empty registry in the place of the real one."""
    stand_in = Registry(tmp_path / "versions")
    monkeypatch.setattr(registry, "current", stand_in.current)
    monkeypatch.setattr(registry, "load", stand_in.load)
    return stand_in


@dataclass
class Store:
    """Stands for the feature store, online and offline; `broken` makes it fail."""

    broken: bool = False

    def online(self, settings: Settings, keys: Sequence[str], now: datetime) -> pd.DataFrame:
        """One row per key."""
        if self.broken:
            raise OSError("disk on fire")
        unknown = [key for key in keys if key not in KEYS]
        if unknown:
            raise features.UnknownEntity(f"unknown {KEY}: {', '.join(unknown)}")
        return pd.DataFrame([{KEY: key, **row(KEYS.index(key))} for key in keys])

    def historical(self, settings: Settings, entities: pd.DataFrame) -> pd.DataFrame:
        """One row per entity."""
        found = self.online(settings, entities[KEY].tolist(), settings.clock)
        return entities.join(found[list(FEATURES)])


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """A feature store in the place of the real one."""
    stand_in = Store()
    monkeypatch.setattr(features, "online", stand_in.online)
    monkeypatch.setattr(features, "historical", stand_in.historical)
    return stand_in


def contract(name: str) -> dict[str, Any]:
    """A contract of this repository."""
    text = (Path("contracts") / f"{name}.schema.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
