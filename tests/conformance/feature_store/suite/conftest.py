"""A tiny state with random feature rows: it runs inside a data-engineering repository."""

import importlib
import os
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

# The broken technologies are made from the reference store beside the suite.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

PACKAGE = os.environ.get("CONFORMANCE_PACKAGE", "flight_delays_data_engineering")
features = importlib.import_module(f"{PACKAGE}.features")
offline = importlib.import_module(f"{PACKAGE}.offline")
entities_module = importlib.import_module(f"{PACKAGE}.entities")
settings_module = importlib.import_module(f"{PACKAGE}.settings")
VIEWS = importlib.import_module(f"{PACKAGE}.views").VIEWS

# What only servers have to show.
collect_ignore = [] if "CONFORMANCE_SERVERS" in os.environ else ["test_servers.py"]

KEY: str = entities_module.KEY
JOIN_KEYS: tuple[str, ...] = entities_module.JOIN_KEYS
KEY_VIEW: str = entities_module.KEY_VIEW
AT: str = entities_module.AT
NOON = datetime(2020, 3, 8, 12, tzinfo=UTC)
VALUES = 4  # values of each join key

Row = dict[str, Any]


def names_of(view: Any) -> list[str]:
    """The features of a view."""
    return list(view.used)


def is_category(view: Any, name: str) -> bool:
    """Whether a feature of a view is a category."""
    return name in importlib.import_module(f"{PACKAGE}.views.{view.name}").CATEGORIES


def key_values(name: str) -> list[str]:
    """Every value that a key takes here."""
    return [f"{name}-{number}" for number in range(VALUES)]


@dataclass
class State:
    """A state folder whose feature rows are also there as plain Python."""

    settings: Any
    rows: dict[str, list[Row]]
    keys: list[Row]

    def write(self) -> None:
        """Write every view as the step `features` does."""
        folder = self.settings.state / "features"
        folder.mkdir(parents=True, exist_ok=True)
        for view in VIEWS:
            fields = [(key, pa.string()) for key in view.keys]
            fields += [("event_timestamp", pa.timestamp("us", "UTC"))]
            fields += [
                (name, pa.string() if is_category(view, name) else pa.float64())
                for name in names_of(view)
            ]
            _write(folder / f"{view.name}.parquet", self.rows[view.name], fields)
        instants = [(name, pa.timestamp("us", "UTC")) for name in ("event_timestamp", AT)]
        texts = [(name, pa.string()) for name in (KEY, *JOIN_KEYS)]
        _write(folder / f"{KEY_VIEW}.parquet", self.keys, [*texts, *instants])
        offline.publish(self.settings, folder)

    def materialise(self, until: datetime) -> Mapping[str, int]:
        """Fill the online store."""
        store = Path(self.settings.extra["feature_store"])
        counts: Mapping[str, int] = features.materialise(self.settings, store, until)
        return counts

    def historical(self, asked: Sequence[Row]) -> pd.DataFrame:
        """What the port answers for entities."""
        frame = pd.DataFrame(asked, columns=[KEY, *JOIN_KEYS, "event_timestamp"])
        frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True)
        return features.historical(self.settings, frame)

    def expected(self, asked: Row) -> Row:
        """The features of one entity by brute force."""
        found: Row = {}
        for view in VIEWS:
            best: Row | None = None
            for row in self.rows[view.name]:
                same = all(row[key] == asked[key] for key in view.keys)
                age = asked["event_timestamp"] - row["event_timestamp"]
                if not same or not timedelta(0) <= age < view.ttl:
                    continue
                if best is None or row["event_timestamp"] > best["event_timestamp"]:
                    best = row
            found |= {name: best[name] if best else None for name in names_of(view)}
        return found


def _write(path: Path, rows: Sequence[Row], fields: Sequence[tuple[str, pa.DataType]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows), schema=pa.schema(fields)), path)


def random_rows(view: Any, chance: random.Random) -> list[Row]:
    """Rows around noon at instants that often meet, some exactly a time to live before it."""
    rows = {}
    for _ in range(60):
        step = view.ttl / chance.choice([1, 2, 7, 13])
        instant = NOON - step * chance.randint(-1, 3)
        instant += chance.choice([timedelta(0), timedelta(0), timedelta(microseconds=1)])
        keys = tuple(chance.choice(key_values(key)) for key in view.keys)
        rows[keys, instant] = {
            **dict(zip(view.keys, keys, strict=True)),
            "event_timestamp": instant,
            **{name: random_value(view, name, chance) for name in names_of(view)},
        }
    return chance.sample(list(rows.values()), len(rows))


def random_value(view: Any, name: str, chance: random.Random) -> Any:
    """A value of a feature, sometimes none."""
    if chance.random() < 0.2:
        return None
    return f"word-{chance.randint(0, 9)}" if is_category(view, name) else chance.uniform(-9, 9)


def random_entity(chance: random.Random, state: State) -> Row:
    """An entity at an instant at which a row becomes known, expires, or nothing happens."""
    view = chance.choice(VIEWS)
    row = chance.choice(state.rows[view.name])
    shift = chance.choice([timedelta(0), view.ttl, timedelta(hours=1)])
    nudge = chance.choice([timedelta(0), timedelta(microseconds=1), -timedelta(microseconds=1)])
    return {
        KEY: chance.choice([*key_values(KEY), "somebody"]),
        **{name: chance.choice([*key_values(name), None]) for name in JOIN_KEYS},
        "event_timestamp": row["event_timestamp"] + shift + nudge,
    }


@pytest.fixture
def make_state(tmp_path: Path) -> Callable[[int], State]:
    """A written state for a seed."""

    def make(seed: int) -> State:
        chance = random.Random(seed)
        folder = tmp_path / f"state-{seed}"
        settings = settings_at(folder)
        rows = {view.name: random_rows(view, chance) for view in VIEWS}
        keys = [
            {
                KEY: key,
                "event_timestamp": NOON - timedelta(hours=1),
                **{name: chance.choice(key_values(name)) for name in JOIN_KEYS},
                AT: NOON + timedelta(hours=2),
            }
            for key in key_values(KEY)
        ]
        state = State(settings, rows, keys)
        state.write()
        return state

    return make


def settings_at(folder: Path) -> Any:
    """Settings of a state folder."""
    return settings_module.Settings(
        environment="dev",
        target="local",
        state=folder,
        replayed=NOON,
        sources={},
        extra={
            **settings_module.load_settings().extra,
            "feature_store": str(folder / "feature_store"),
        },
    )


@pytest.fixture
def state(make_state: Callable[[int], State]) -> State:
    """One written state."""
    return make_state(0)
