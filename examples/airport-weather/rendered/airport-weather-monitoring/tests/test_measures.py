"""The metrics beside their definitions, on whole tables and on resampled days."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from airport_weather_monitoring.measures import (
    HIGHER_IS_BETTER,
    draws,
    judged,
    measure,
    resampled,
)

GENERATOR = np.random.default_rng(5)
ROWS = 300
MOMENT = pd.Series(
    pd.Timestamp(datetime(2024, 1, 1, tzinfo=UTC))
    + pd.to_timedelta(np.sort(GENERATOR.integers(0, 20 * 1440, ROWS)), unit="m")
)
LABEL = GENERATOR.normal(5, 2, ROWS)
PREDICTED = LABEL + GENERATOR.normal(0, 1, ROWS)


def test_metrics_are_as_defined() -> None:
    error = PREDICTED - LABEL
    found = measure(LABEL, PREDICTED)
    assert found["mae"] == pytest.approx(np.abs(error).mean())
    assert found["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert found["r2"] == pytest.approx(1 - (error**2).sum() / ((LABEL - LABEL.mean()) ** 2).sum())


def test_what_cannot_be_told_is_none() -> None:
    assert set(measure(LABEL[:0], PREDICTED[:0]).values()) == {None}
    assert set(measure(LABEL[:1], PREDICTED[:1]).values()) == {None}
    assert measure(np.ones(5), PREDICTED[:5])["r2"] is None


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
