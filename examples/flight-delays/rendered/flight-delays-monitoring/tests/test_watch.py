"""The step as a whole, on a small state."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import CLOCK, splits, write_state

from flight_delays_monitoring import (
    controls,
    watch,
)
from flight_delays_monitoring.faults import Fault
from flight_delays_monitoring.model import Model
from flight_delays_monitoring.page import page
from flight_delays_monitoring.plan import (
    FEATURES,
    FEWEST_ROWS,
    KEY,
    LABEL,
)
from flight_delays_monitoring.quality import null_shares
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
    return watch.watch(settings, parts, current, log, scores)


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


def test_too_few_rows_are_not_judged(settings: Settings) -> None:
    write_state(settings)
    parts, scores, log = read_splits(settings), read_scores(settings), read_predictions(settings)
    current = current_rows(parts, scores, log.frame(), settings.clock)
    few = type(current)(current.rows.head(FEWEST_ROWS - 1), current.source)
    assert watch.watch(settings, parts, few, log, scores)["verdict"] == "unknown"


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
