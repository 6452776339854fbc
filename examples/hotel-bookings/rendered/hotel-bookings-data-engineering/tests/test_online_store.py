"""The online store is exchanged under its readers, and says what is missing."""

import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hotel_bookings_data_engineering import features, online_store
from hotel_bookings_data_engineering.definitions import (
    FEATURES,
    JOIN_KEYS,
    KEY,
    KEY_VIEW,
    VIEWS,
)
from hotel_bookings_data_engineering.faults import Fault
from hotel_bookings_data_engineering.settings import Settings, load_settings

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEYS = [f"key-{number}" for number in range(20)]
NUMBERS = [name for name, kind in FEATURES.items() if kind == "DOUBLE"]
WORDS = [name for name, kind in FEATURES.items() if kind == "VARCHAR"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    store = {"feature_store": str(tmp_path / "feature_store")}
    return replace(load_settings(), state=tmp_path, extra=store)


def rows(generation: int) -> dict[str, list[tuple[Any, ...]]]:
    """A store in which every number is the generation."""
    at = (NOW - online_store.EPOCH) // online_store.MICROSECOND
    found: dict[str, list[tuple[Any, ...]]] = {
        KEY_VIEW.name: [(key, at, *(key for _ in JOIN_KEYS)) for key in KEYS]
    }
    for view in VIEWS:
        values = [
            float(generation) if kind == "DOUBLE" else str(generation)
            for kind in view.features.values()
        ]
        found[view.name] = [(*(key for _ in view.keys), at, *values) for key in KEYS]
    return found


def exchange(folder: Path, generation: int) -> None:
    """As a step does: a new folder beside the old one, then two renames."""
    staged, aside = folder.with_name(f"{generation}.new"), folder.with_name(f"{generation}.old")
    online_store.fill(staged, rows(generation))
    folder.rename(aside)
    staged.rename(folder)
    shutil.rmtree(aside)


def generations(found: pd.DataFrame) -> set[float]:
    numbers = {float(value) for name in NUMBERS for value in found[name]}
    return numbers | {float(value) for name in WORDS for value in found[name]}


def test_readers_see_one_store_or_the_next_and_never_none(settings: Settings) -> None:
    folder = Path(settings.extra["feature_store"])
    online_store.fill(folder, rows(0))
    stopped, seen = threading.Event(), set[float]()
    problems: list[str] = []

    def read() -> None:
        while not stopped.is_set():
            try:
                found = generations(features.online(settings, KEYS, NOW))
            except Exception as error:
                problems.append(repr(error))
                return
            if len(found) != 1:
                problems.append(f"one answer from several stores: {found}")
            seen.update(found)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for generation in range(1, 12):
        exchange(folder, generation)
    stopped.set()
    for reader in readers:
        reader.join(timeout=30)
    assert not problems
    assert len(seen) > 1
    assert generations(features.online(settings, KEYS, NOW)) == {11.0}


def test_keys_come_in_the_order_in_which_they_are_asked_for(settings: Settings) -> None:
    online_store.fill(Path(settings.extra["feature_store"]), rows(1))
    asked = [*reversed(KEYS), *KEYS, KEYS[0]]
    assert features.online(settings, asked, NOW)[KEY].tolist() == asked


def test_no_keys_are_no_rows(settings: Settings) -> None:
    online_store.fill(Path(settings.extra["feature_store"]), rows(1))
    found = features.online(settings, [], NOW)
    assert list(found.columns) == [KEY, *JOIN_KEYS, *FEATURES]
    assert found.empty


def test_missing_store_names_its_step(settings: Settings) -> None:
    with pytest.raises(Fault, match="run the step `materialise` first"):
        features.online(settings, KEYS, NOW)


def test_missing_view_names_its_step(settings: Settings) -> None:
    with pytest.raises(Fault, match="run the step `features` first"):
        features.materialise(settings, Path(settings.extra["feature_store"]), NOW)
    asked = pd.DataFrame([dict.fromkeys((KEY, *JOIN_KEYS), "key")])
    asked["event_timestamp"] = pd.Timestamp(NOW)
    with pytest.raises(Fault, match="run the step `features` first"):
        features.historical(settings, asked)
