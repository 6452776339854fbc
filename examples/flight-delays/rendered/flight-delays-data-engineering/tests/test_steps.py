"""The steps after ingest on a few made-up rows: contracts, the feature store, the trace."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest
from synthetic import NOON, Row, columns, random_rows, table

from flight_delays_data_engineering import entities, feature_views, materialise, trace
from flight_delays_data_engineering.database import database, rows_of
from flight_delays_data_engineering.faults import Fault
from flight_delays_data_engineering.run_record import Run, Step
from flight_delays_data_engineering.settings import Settings
from flight_delays_data_engineering.sources import SOURCES
from flight_delays_data_engineering.views import VIEWS

CONTRACTS = Path(__file__).parents[1] / "contracts"

StepFunction = Callable[[Settings, Run], None]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A state folder with validated rows, features and a filled store."""
    state = tmp_path_factory.mktemp("state")
    for name, source in SOURCES.items():
        folder = state / "validated" / name
        folder.mkdir(parents=True)
        rows = random_rows(source, seed=7)
        if name == entities.SOURCE:
            for row in rows:
                text = columns(source)[entities.KEY].kind == "string"
                row[entities.KEY] = f"entity-{row['source_row']}" if text else row["source_row"]
        pq.write_table(table(source, rows), folder / "part.parquet")
    made = Settings(
        environment="test",
        target="local",
        state=state,
        replayed=NOON,
        sources={},
        extra={"feature_store": str(state / "feature_store")},
    )
    run(made, feature_views.run, "features")
    run(made, materialise.run, "feature_store")
    return made


def run(settings: Settings, function: StepFunction, output: str) -> Run:
    """Run a step as the runner does."""
    target = settings.state / output
    step = Run(Step(name="test", summary="", call="", outputs=(target,)), "test", 0)
    function(settings, step)
    step.staged(target).replace(target)
    return step


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
