"""What the features of `weather` must be, and that none of them knows the future."""

from collections.abc import Sequence

import brute
import checks
import pytest
from synthetic import Row

from flight_delays_data_engineering.views.weather import VIEW

KEYS = ("origin",)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "observed_at + INTERVAL 1 HOUR"
EVERY = None


def expected(_rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "temperature": brute.number(
            row["temp"],
        ),
        "wind_speed": brute.number(
            row["wind_speed"],
        ),
        "precipitation": brute.number(
            row["precip"],
        ),
        "pressure": brute.number(
            row["pressure"],
        ),
        "visibility": brute.number(
            row["visib"],
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
