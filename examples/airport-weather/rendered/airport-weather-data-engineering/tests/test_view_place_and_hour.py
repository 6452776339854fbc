"""What the features of `place_and_hour` must be, and that none of them knows the future."""

from collections.abc import Sequence

import brute
import checks
import pytest
from synthetic import Row

from airport_weather_data_engineering.views.place_and_hour import VIEW

KEYS = ("observation_id",)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "observed_at - INTERVAL 7 DAY"
EVERY = None


def expected(_rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "hour_of_day": brute.part(
            row["observed_at"],
            "hour",
            "America/New_York",
        ),
        "airport": brute.category(
            row["origin"],
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
