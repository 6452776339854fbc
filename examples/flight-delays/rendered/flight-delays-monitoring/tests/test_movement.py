"""The step as a whole, on a small state."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import CLOCK, rows, splits, write_state

from flight_delays_monitoring import (
    controls,
    movement,
)
from flight_delays_monitoring.faults import Fault
from flight_delays_monitoring.missing import null_shares
from flight_delays_monitoring.model import Model
from flight_delays_monitoring.page import page
from flight_delays_monitoring.plan import (
    FEATURES,
    FEWEST_ROWS,
    KEY,
    LABEL,
)
from flight_delays_monitoring.settings import Settings
from flight_delays_monitoring.steps import steps
from flight_delays_monitoring.tables import (
    current_rows,
    read_predictions,
    read_scores,
    read_splits,
)


class FlatModel:
    """Stands in for the model package: what it says depends on nothing."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return np.linspace(0.1, 0.9, len(frame))


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "load", lambda folder: FlatModel())
    monkeypatch.setattr(controls, "EARLIER_WINDOWS", 1)


def document(settings: Settings) -> dict[str, Any]:
    parts, scores, log = read_splits(settings), read_scores(settings), read_predictions(settings)
    current = current_rows(parts, scores, log.frame(), settings.clock)
    return movement.watch(settings, parts, current, log, scores)


def test_planted_drift_is_found(settings: Settings) -> None:
    write_state(settings, shift=1.0)
    found = document(settings)
    numbers = {name for name, kind in FEATURES.items() if kind == "number"}
    assert numbers <= set(found["drifted"])
    assert found["verdict"] == "drifted"
    assert found["alarm"]
    assert "confirm with labels" in found["words"]
    assert not found["prediction"]["drifted"]


def test_without_a_shift_nothing_has_drifted(settings: Settings) -> None:
    write_state(settings)
    found = document(settings)
    assert found["verdict"] == "stable"
    assert found["share"] <= 0.1
    assert found["current"] == {**found["current"], "source": "labelled", "rows": 800}
    assert (found["log"]["lines"], found["log"]["bad"]) == (2, 1)
    assert "1 lines of the prediction log" in found["words"]
    shown = page(found)
    assert shown.startswith("<!doctype html>")
    assert all(name in shown for name in FEATURES)


def test_control_is_as_long_as_what_is_watched() -> None:
    reference = rows(CLOCK - timedelta(days=200), CLOCK, 4000, 1)
    for days in (7, 31):
        watched = rows(CLOCK, CLOCK + timedelta(days=days), 500, 2)
        length = controls.length_of(watched)
        assert length == timedelta(days=days)
        found = controls.parts(reference, length)
        assert len(found) == 2
        _, window = found.popitem()[1]
        assert controls.length_of(window) == length


def test_short_reference_is_halved() -> None:
    reference = rows(CLOCK - timedelta(days=30), CLOCK, 4000, 1)
    found = controls.parts(reference, timedelta(days=31))
    rest, window = found.popitem()[1]
    assert len(found) == 1
    assert rest["event_timestamp"].min() > window["event_timestamp"].max()
    assert controls.length_of(rest) == controls.length_of(window) == timedelta(days=15)
    assert controls.parts(reference.head(0), timedelta(days=31)) == {}


def test_another_length_has_another_control(settings: Settings) -> None:
    reference = rows(CLOCK - timedelta(days=200), CLOCK, 4000, 1)
    for days in (7, 31, 31):
        watched = rows(CLOCK, CLOCK + timedelta(days=days), 500, 2)
        controls.measure(settings, reference, watched, FEATURES, "reference")
    assert len(list((settings.state / "monitoring").glob("controls-*.json"))) == 2


def test_season_inside_the_reference_is_no_drift(settings: Settings) -> None:
    reference = rows(CLOCK - timedelta(days=30), CLOCK, 4000, 1)
    reference["prediction"] = np.linspace(0, 1, len(reference))
    current = rows(CLOCK, CLOCK + timedelta(days=31), 4000, 2)
    current["prediction"] = np.linspace(0.3, 1.1, len(current))
    found = controls.measure(settings, reference, current, {"prediction": "number"})["prediction"]
    assert not found.drifted
    assert found.controls[controls.HALVES] < found.distance < found.control
    current["prediction"] += 2
    found = controls.measure(settings, reference, current, {"prediction": "number"})["prediction"]
    assert found.drifted


def test_missing_values_are_an_alarm_and_what_to_do_is_said(settings: Settings) -> None:
    write_state(settings)
    parts, scores, log = read_splits(settings), read_scores(settings), read_predictions(settings)
    current = current_rows(parts, scores, log.frame(), settings.clock)
    name = next(iter(FEATURES))
    gaps = current.rows.assign(**{name: current.rows[name].where(current.rows.index % 2 == 0)})
    found = movement.watch(settings, parts, type(current)(gaps, current.source), log, scores)
    assert found["alarm"]
    assert found["causes"] == ["missing values"]
    assert found["verdict"] == "incomplete"
    assert f"of the values are missing in {name}." in found["words"]
    assert "Find out where the values got lost" in found["words"]
    assert "compare its versions in the service and here" in found["words"]
    for untrue in ("Nothing needs to be done", "train", "below the share"):
        assert untrue not in found["words"].partition("of the values are missing")[2]


def test_too_few_rows_are_not_judged(settings: Settings) -> None:
    write_state(settings)
    parts, scores, log = read_splits(settings), read_scores(settings), read_predictions(settings)
    current = current_rows(parts, scores, log.frame(), settings.clock)
    few = type(current)(current.rows.head(FEWEST_ROWS - 1), current.source)
    assert movement.watch(settings, parts, few, log, scores)["verdict"] == "unknown"


def test_served_rows_stand_in_where_no_label_is_known_yet(settings: Settings) -> None:
    write_state(settings)
    parts = {name: frame for name, frame in splits().items() if name == "train"}
    log = read_predictions(settings)
    current = current_rows(parts, read_scores(settings), log.frame(), CLOCK)
    assert current.source == "served"
    assert len(current.rows) == 151


def test_missing_values_count_only_beyond_those_of_training() -> None:
    reference = splits()["train"]
    name = next(iter(FEATURES))
    current = reference.assign(**{name: None})
    assert null_shares(reference, current)[name]["exceeded"]
    assert not null_shares(current, current)[name]["exceeded"]


def test_a_table_that_breaks_its_contract_is_refused(settings: Settings) -> None:
    write_state(settings)
    path = settings.state / "training" / "dataset" / "train.parquet"
    splits()["train"].drop(columns=[LABEL]).to_parquet(path)
    with pytest.raises(Fault, match=f"{LABEL} is missing"):
        read_splits(settings)
    path.write_bytes(b"no parquet")
    with pytest.raises(Fault, match="cannot be read"):
        read_splits(settings)


def test_a_row_that_was_asked_for_again_counts_once(settings: Settings) -> None:
    write_state(settings)
    scores = read_scores(settings)
    again = pd.concat([scores, scores], ignore_index=True)
    unlabelled, nothing = {"train": splits()["train"]}, scores.head(0)
    assert len(current_rows(unlabelled, again, nothing, CLOCK).rows) == 150
    unknown = again.assign(**{KEY: None})
    assert len(current_rows(unlabelled, unknown, nothing, CLOCK).rows) == 300


def test_the_log_is_an_input_once_it_is_there(settings: Settings) -> None:
    log = settings.state / "serving" / "predictions.jsonl"
    assert log not in steps(settings)[0].inputs
    write_state(settings)
    assert log in steps(settings)[0].inputs


def test_contracts_are_those_of_the_product() -> None:
    from hashlib import sha256

    for line in Path("contracts/SHA256SUMS").read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        assert sha256((Path("contracts") / name).read_bytes()).hexdigest() == digest, name
