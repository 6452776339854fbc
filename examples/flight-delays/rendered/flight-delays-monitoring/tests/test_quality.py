"""Planted quality: a model that got worse is found, one that did not is not, too little is unknown."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flight_delays_monitoring import quality
from flight_delays_monitoring.plan import (
    FEWEST_DAYS,
    FEWEST_ROWS,
    LABEL,
    METRIC,
)

START = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "QUALITY_DROP", 0.02)


def predictions(wrong: float, *, days: int = 28, rows: int = 60, seed: int = 1) -> pd.DataFrame:
    """Predictions that are wrong by so much, on days of which each has a mood of its own."""
    generator = np.random.default_rng(seed)
    number = days * rows
    truth = generator.normal(0, 1, number) + np.repeat(generator.normal(0, 0.3, days), rows)
    said = truth + generator.normal(0, wrong, number)
    moment = pd.Timestamp(START) + pd.to_timedelta(np.arange(number) * 1440 / rows, unit="m")
    return pd.DataFrame(
        {
            "event_timestamp": moment,
            LABEL: (truth + generator.normal(0, 0.5, number) > 0).astype(float),
            "prediction": 1 / (1 + np.exp(-2 * said)),
            "model_version": "1",
        }
    )


def found(before: pd.DataFrame, now: pd.DataFrame) -> dict[str, Any]:
    return quality.quality(before, now, "1")


def test_drop_is_found() -> None:
    document = found(predictions(0.5), predictions(2.0, seed=2))
    assert document["alert"]
    assert document["drop"] > max(document["control"], document["threshold"])
    assert document["drop_low"] > 0
    assert "it has become worse" in document["words"]
    assert document["current"]["low"] <= document["current"]["value"] <= document["current"]["high"]


def test_two_alike_windows_are_no_alert() -> None:
    alerts = [
        found(predictions(1.0, seed=seed), predictions(1.0, seed=seed + 100))["alert"]
        for seed in range(10)
    ]
    # One in twenty is what chance may do; more than two of ten would be no rule.
    assert sum(alerts) <= 2


def test_better_model_is_no_alert() -> None:
    document = found(predictions(2.0), predictions(0.5, seed=2))
    assert document["drop"] < 0
    assert not document["alert"]


def test_drop_below_the_threshold_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "QUALITY_DROP", 100.0)
    assert not found(predictions(0.5), predictions(2.0, seed=2))["alert"]
    monkeypatch.setattr(quality, "QUALITY_DROP", None)
    document = found(predictions(0.5), predictions(2.0, seed=2))
    assert not document["alert"]
    assert "No threshold is set" in document["words"]


@pytest.mark.parametrize(
    ("days", "rows"),
    [(28, 0), (FEWEST_DAYS - 1, 60), (28, (FEWEST_ROWS - 1) // 28)],
    ids=["none", "days", "rows"],
)
def test_too_few_labels_are_unknown_and_no_alert(days: int, rows: int) -> None:
    few = predictions(2.0, days=days, rows=max(rows, 1))
    document = found(predictions(0.5), few if rows else few.head(0))
    assert document["drop"] is None
    assert not document["alert"]
    assert document["words"].startswith("Unknown: ")


def test_one_class_is_unknown() -> None:
    document = found(predictions(0.5), predictions(0.5, seed=2).assign(**{LABEL: 1.0}))
    assert document["current"]["value"] is None
    assert document["drop"] is None
    assert not document["alert"]


def test_what_another_version_said_is_not_blamed_on_this_one() -> None:
    other = predictions(3.0, seed=3).assign(model_version="2")
    mixed = pd.concat([predictions(0.5, seed=2), other], ignore_index=True)
    mixed = mixed.sort_values("event_timestamp", ignore_index=True)
    document = found(predictions(0.5), mixed)
    assert document["other_versions"] == len(other)
    assert not document["alert"]
    assert document["metric"] == METRIC


def test_weeks_hold_every_prediction_and_end_with_a_whole_one() -> None:
    document = found(predictions(0.5), predictions(0.5, days=24, seed=2))
    assert [week["rows"] for week in document["weeks"]] == [180, 420, 420, 420]
    assert {week["version"] for week in document["weeks"]} == {"1"}
