"""What the features of `day_before` must be, and that none of them knows the future."""

from collections.abc import Sequence

import brute
import checks
import pytest
from synthetic import Row

from airport_weather_data_engineering.views.day_before import VIEW

KEYS = ("origin",)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "observed_at + INTERVAL 18 HOUR"
EVERY = None


def expected(_rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "temperature_day_before": brute.number(
            row["temp"],
        ),
    }


@pytest.mark.parametrize("seed", range(3))
def test_features_are_what_they_must_be(seed: int) -> None:
    checks.equals_brute_force(VIEW, AVAILABLE_AT, EVERY, expected, seed)


@pytest.mark.parametrize("seed", range(5))
def test_no_feature_knows_the_future(seed: int) -> None:
    checks.ignores_the_future(VIEW, AVAILABLE_AT, seed)


@pytest.mark.parametrize("seed", range(5))
def test_no_feature_knows_the_outcome(seed: int) -> None:
    checks.ignores_outcomes(VIEW, seed)
