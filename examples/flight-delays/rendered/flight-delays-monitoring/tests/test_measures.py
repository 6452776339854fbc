"""The metrics beside their definitions, on whole tables and on resampled days."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from flight_delays_monitoring import measures
from flight_delays_monitoring.measures import (
    HIGHER_IS_BETTER,
    draws,
    judged,
    measure,
    resampled,
    value,
)

GENERATOR = np.random.default_rng(5)
ROWS = 300
MOMENT = pd.Series(
    pd.Timestamp(datetime(2024, 1, 1, tzinfo=UTC))
    + pd.to_timedelta(np.sort(GENERATOR.integers(0, 20 * 1440, ROWS)), unit="m")
)
LABEL = (GENERATOR.random(ROWS) < 0.4).astype(float)
# Two digits, so that many rows are told apart by nothing.
PREDICTED = np.round(0.3 * LABEL + 0.6 * GENERATOR.random(ROWS), 2).astype(np.float64)


def test_metrics_are_as_defined() -> None:
    found = measure(LABEL, PREDICTED)
    pairs = PREDICTED[LABEL == 1][:, None] - PREDICTED[LABEL == 0][None, :]
    assert found["roc_auc"] == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    precision = [LABEL[said <= PREDICTED].mean() for said in PREDICTED[LABEL == 1]]
    assert found["average_precision"] == pytest.approx(np.mean(precision))
    assert found["brier"] == pytest.approx(((PREDICTED - LABEL) ** 2).mean())
    said = np.clip(np.where(LABEL == 1, PREDICTED, 1 - PREDICTED), 1e-7, 1)
    assert found["log_loss"] == pytest.approx(-np.log(said).mean())


def test_what_cannot_be_told_is_none() -> None:
    assert set(measure(LABEL[:0], PREDICTED[:0]).values()) == {None}
    assert set(measure(np.ones(5), PREDICTED[:5]).values()) == {None}
    assert set(measure(np.zeros(5), PREDICTED[:5]).values()) == {None}


def test_many_thresholds_are_thinned_without_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    fine = GENERATOR.random(5000)
    label = (GENERATOR.random(5000) < fine).astype(float)
    moment = pd.Series(MOMENT.min() + pd.to_timedelta(np.arange(5000), unit="m"))
    rows = judged(label, fine, moment)
    once = np.ones((1, rows.days))
    monkeypatch.setattr(measures, "FINEST", 500)
    for metric in measures.RANKING:
        assert resampled(metric, rows, once)[0] == pytest.approx(value(metric, rows), abs=0.005)


@pytest.mark.parametrize("metric", HIGHER_IS_BETTER)
def test_resample_is_the_metric_of_the_drawn_days(metric: str) -> None:
    rows = judged(LABEL, PREDICTED, MOMENT)
    counts = draws(rows.days, seed=3, resamples=20)
    assert (counts.sum(axis=1) == rows.days).all()
    found = resampled(metric, rows, counts)
    for count, one in zip(counts, found, strict=True):
        drawn = np.repeat(np.arange(len(LABEL)), count[rows.day].astype(int))
        assert one == pytest.approx(measure(LABEL[drawn], PREDICTED[drawn])[metric])


def test_draws_follow_the_seed() -> None:
    assert np.array_equal(draws(10, seed=1), draws(10, seed=1))
    assert not np.array_equal(draws(10, seed=1), draws(10, seed=2))
