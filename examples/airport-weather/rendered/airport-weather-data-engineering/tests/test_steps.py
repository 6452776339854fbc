"""The steps after ingest on a few made-up rows: contracts, the feature store, the trace."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest
from synthetic import NOON, Row, run

from airport_weather_data_engineering import (
    entities,
    features,
    trace,
)
from airport_weather_data_engineering.database import database, rows_of
from airport_weather_data_engineering.faults import Fault
from airport_weather_data_engineering.settings import Settings
from airport_weather_data_engineering.views import VIEWS

CONTRACTS = Path(__file__).parents[1] / "contracts"


def documents(path: Path) -> list[Row]:
    """Rows of a file as documents of JSON."""
    names = pq.read_schema(path).names
    with database() as connection:
        found = rows_of(connection, f"SELECT {', '.join(names)} FROM read_parquet('{path}')")
    rows = [dict(zip(names, values, strict=True)) for values in found]
    answered: list[Row] = json.loads(json.dumps(rows, default=lambda value: value.isoformat()))
    return answered


def contract(name: str) -> Any:
    return json.loads((CONTRACTS / f"{name}.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_feature_views_keep_their_contract(view: str, settings: Settings) -> None:
    schema = contract(f"feature-view-{view.replace('_', '-')}")
    rows = documents(settings.state / "features" / f"{view}.parquet")
    assert rows
    for row in rows:
        jsonschema.validate(row, schema)
        assert set(row) == set(schema["properties"])


def test_entities_keep_their_contract(settings: Settings) -> None:
    schema = contract("entities")
    rows = documents(settings.state / "features" / "entities.parquet")
    assert rows
    for row in rows:
        jsonschema.validate(row, schema)
        assert set(row) == set(schema["properties"])


def test_every_entity_is_counted(settings: Settings) -> None:
    counts = json.loads((settings.state / "features" / "features.json").read_text("utf-8"))
    label = counts["label"]
    total = label["known"] + label["unknown"] + sum(counts["excluded"].values())
    assert total == counts["rows"]["entities"]
    assert set(counts["excluded"]) == set(entities.EXCLUDED)


def test_the_store_says_what_it_holds(settings: Settings) -> None:
    held = json.loads((settings.state / "feature_store" / "materialised.json").read_text("utf-8"))
    assert held["until"] == NOON.isoformat()
    assert set(held["rows"]) == {entities.KEY_VIEW, *(view.name for view in VIEWS)}


def test_the_online_store_answers_what_history_says(settings: Settings) -> None:
    """What serving reads now is what training reads for this instant."""
    rows = documents(settings.state / "features" / "entities.parquet")
    keys = [key for row in rows if is_known(settings, key := str(row[entities.KEY]))]
    served = features.online(settings, keys, NOON)
    asked = served[[entities.KEY, *entities.JOIN_KEYS]].assign(event_timestamp=NOON)
    known = features.historical(settings, asked)
    names = [name for view in VIEWS for name in view.used]
    for name in names:
        assert plain(served[name]) == plain(known[name]), name
    assert any(value is not None for name in names for value in plain(served[name]))


def is_known(settings: Settings, key: str) -> bool:
    try:
        features.online(settings, [key], NOON)
    except features.UnknownEntity:
        return False
    return True


def plain(values: Iterable[Any]) -> list[Any]:
    """Values with None for what is null."""
    return [None if value is None or value != value else value for value in values]


def probed(settings: Settings) -> Row:
    """Leave behind what the probe of the service leaves: one entity with its stored features."""
    rows = documents(settings.state / "features" / "entities.parquet")
    names = (entities.KEY, *entities.JOIN_KEYS)
    chosen = next(row for row in rows if None not in (row[name] for name in names))
    example = {
        "key": chosen[entities.KEY],
        "as_of": NOON.isoformat(),
        "features": {},
        "prediction": 0.5,
        "prediction_id": "id",
        "model_version": "1",
    }
    path = settings.state / "serving" / "probe.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"example": example}), "utf-8")
    return chosen


def test_a_prediction_is_traced_to_raw_rows_that_were_known(settings: Settings) -> None:
    chosen = probed(settings)
    run(settings, trace.run, "trace.json")
    found = json.loads((settings.state / "trace.json").read_text("utf-8"))
    assert found["key"] == chosen[entities.KEY]
    traced = {name: view for name, view in found["views"].items() if view}
    for view in VIEWS:
        if view.name not in traced:
            continue
        held = traced[view.name]
        assert (NOON - view.ttl).isoformat() < held["event_timestamp"] <= NOON.isoformat()
        stored = documents(settings.state / "features" / f"{view.name}.parquet")
        (row,) = (
            row
            for row in stored
            if row["event_timestamp"] == held["event_timestamp"]
            and all(row[key] == held["keys"][key] for key in view.keys)
        )
        assert held["features"] == {name: row[name] for name in view.used}
        raw = held["raw"]
        assert raw["source"] == view.source
        assert raw["count"] >= len(raw["rows"]) >= 1
        assert all(used["known_at"] <= held["event_timestamp"] for used in raw["rows"])
    assert found["differences"] == []


def test_another_answer_than_the_stored_one_is_told(settings: Settings) -> None:
    probed(settings)
    path = settings.state / "serving" / "probe.json"
    document = json.loads(path.read_text("utf-8"))
    document["example"]["features"] = {"nothing_like_it": 1.0}
    path.write_text(json.dumps(document), "utf-8")
    run(settings, trace.run, "trace.json")
    found = json.loads((settings.state / "trace.json").read_text("utf-8"))
    assert found["differences"] == ["nothing_like_it"]


@pytest.mark.parametrize("text", ["", "{}", '{"example": {"key": "nobody"}}'])
def test_a_probe_without_an_example_is_a_fault(text: str, settings: Settings) -> None:
    path = settings.state / "serving" / "probe.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    with pytest.raises(Fault, match="holds no example"):
        run(settings, trace.run, "trace.json")


def test_an_unknown_key_cannot_be_traced(settings: Settings) -> None:
    example = {"key": "nobody", "as_of": (NOON - timedelta(hours=1)).isoformat(), "features": {}}
    path = settings.state / "serving" / "probe.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"example": example}), "utf-8")
    with pytest.raises(Fault, match="nobody"):
        run(settings, trace.run, "trace.json")
