"""Champion against challenger: planted differences are found, chance and too little are not."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airport_weather_training import comparison, plan
from airport_weather_training.comparison import (
    Paired,
    compare,
    decide,
    weeks,
)

START = datetime(2024, 3, 1, tzinfo=UTC)


def paired(
    champion: float, challenger: float, *, days: int = 28, rows: int = 100, seed: int = 1
) -> Paired:
    """Two models that are wrong by so much, on days of which each has a mood of its own."""
    generator = np.random.default_rng(seed)
    number = days * rows
    mood = np.repeat(generator.normal(0, 0.5, days), rows)
    truth = generator.normal(0, 1, number) + mood
    label = truth
    moment = pd.Timestamp(START) + pd.to_timedelta(np.arange(number) * 1440 / rows, unit="m")
    frame = pd.DataFrame({"event_timestamp": moment})
    for name in plan.SLICES:
        frame[name] = np.array(["a", "b", None])[generator.integers(0, 3, number)]
    predicted = {
        name: _said(truth + generator.normal(0, wrong, number))
        for name, wrong in (("champion", champion), ("challenger", challenger))
    }
    return Paired(frame, label, predicted)


def _said(value: Any) -> Any:
    return value


def test_better_challenger_passes() -> None:
    passed, reasons = decide(compare(paired(1.5, 0.5), seed=1))
    assert passed
    assert reasons[0].startswith(f"passed: {plan.METRIC} ")


def test_worse_challenger_fails() -> None:
    figures = compare(paired(0.5, 1.5), seed=1)
    passed, reasons = decide(figures)
    assert not passed
    assert reasons[0].startswith(f"failed: {plan.METRIC} ")
    assert figures["better_share"] < 0.01


def test_same_model_fails() -> None:
    pair = paired(1.0, 1.0)
    same = Paired(pair.rows, pair.label, dict.fromkeys(("champion", "challenger"), pair.label / 2))
    figures = compare(same, seed=1)
    assert figures["difference"] == 0.0
    assert not decide(figures)[0]


def test_equal_models_pass_about_as_rarely_as_the_rule_says() -> None:
    passed = [
        decide(compare(paired(1.0, 1.0, rows=30, seed=seed), seed=seed))[0] for seed in range(20)
    ]
    # One in ten is expected at a confidence of 0.9; three times as many would be no rule.
    assert sum(passed) <= 1 + 20 * 3 * (1 - plan.CONFIDENCE)


def test_margin_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = compare(paired(1.5, 0.5), seed=1)
    gain = abs(figures["difference"])
    monkeypatch.setattr(comparison, "BETTER_BY", 2 * gain)
    assert not decide(compare(paired(1.5, 0.5), seed=1))[0]


def test_few_days_are_not_judged() -> None:
    passed, reasons = decide(compare(paired(1.5, 0.5, days=plan.FEWEST_DAYS - 1), seed=1))
    assert not passed
    assert "are needed to tell a difference from chance" in reasons[0]


def test_no_rows_are_not_judged() -> None:
    whole = paired(1.0, 1.0)
    nothing = {name: said[:0] for name, said in whole.predicted.items()}
    empty = Paired(whole.rows.head(0), whole.label[:0], nothing)
    assert not decide(compare(empty, seed=1))[0]
    assert weeks(empty) == []


def test_weeks_and_slices_hold_every_row() -> None:
    pair = paired(1.0, 0.5, days=24)
    assert sum(week["rows"] for week in weeks(pair)) == len(pair.rows)
    assert [week["rows"] for week in weeks(pair)] == [300, 700, 700, 700]
    for feature in plan.SLICES:
        rows = [part["rows"] for part in comparison.slices(pair) if part["feature"] == feature]
        assert sum(rows) == len(pair.rows)
