"""The evaluation: contract, baseline, slices and what the metrics say of known cases."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest

from hotel_bookings_training import plan
from hotel_bookings_training.baseline import Baseline
from hotel_bookings_training.evaluate import calibration
from hotel_bookings_training.measures import measure, score
from hotel_bookings_training.settings import Settings

from .conftest import run_step


@pytest.fixture(scope="module")
def evaluation(settings: Settings, trained: Path) -> dict[str, Any]:
    path = run_step(settings, "evaluate") / "evaluation.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def test_evaluation_keeps_the_contract(evaluation: dict[str, Any]) -> None:
    contract = json.loads(Path("contracts/metrics.schema.json").read_text("utf-8"))
    jsonschema.validate(evaluation, contract)


def test_model_beats_the_baseline_where_there_is_something_to_learn(
    evaluation: dict[str, Any],
) -> None:
    own, other = evaluation["model"]["test"], evaluation["baseline"]["test"]
    assert score(own) > score(other)


def test_the_feature_that_makes_the_label_matters_most(evaluation: dict[str, Any]) -> None:
    first = next(name for name, kind in plan.FEATURES.items() if kind == "number")
    assert next(iter(evaluation["importance"])) == first
    assert set(evaluation["importance"]) == set(plan.FEATURES)


def test_slices_cover_the_test_window(evaluation: dict[str, Any]) -> None:
    for feature in plan.SLICES:
        rows = [part["rows"] for part in evaluation["slices"] if part["feature"] == feature]
        assert sum(rows) == evaluation["rows"]["test"]


def test_baseline_knows_groups_and_falls_back_to_the_whole() -> None:
    groups = {name: ["a", "a", "b", None] for name in plan.BASELINE}
    frame = pd.DataFrame({**groups, plan.LABEL: [1.0, 0.0, 1.0, 1.0]})
    baseline = Baseline.learn(frame)
    asked = pd.DataFrame({name: ["a", "b", None, "new"] for name in plan.BASELINE})
    assert baseline.predict(asked).tolist() == [0.5, 1.0, 1.0, 0.75]


def test_metrics_of_known_cases() -> None:
    label = np.array([0.0, 0.0, 1.0, 1.0])
    perfect = measure(label, label)
    assert (perfect["roc_auc"], perfect["average_precision"], perfect["brier"]) == (1.0, 1.0, 0.0)
    assert measure(label, np.full(4, 0.5))["roc_auc"] == 0.5
    assert set(measure(label[:2], label[:2]).values()) == {None}


def test_calibration_counts_every_row_from_low_to_high() -> None:
    generator = np.random.default_rng(1)
    predicted = generator.random(1000)
    label = (generator.random(1000) < predicted).astype(float)
    bins = calibration(label, predicted)
    assert sum(part["rows"] for part in bins) == 1000
    assert all(abs(part["predicted"] - part["observed"]) < 0.15 for part in bins)
    lowest = [part["lowest"] for part in bins]
    assert lowest == sorted(lowest)
