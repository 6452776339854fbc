"""What the features of `latest` must be, and that none of them knows the future."""

from collections.abc import Sequence
from datetime import timedelta

import brute
import checks
import pytest
from synthetic import Row

from airport_weather_data_engineering.views.latest import VIEW

KEYS = ("origin",)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "reported_at"
EVERY = None


def expected(rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "temperature_now": brute.number(
            row["temp"],
        ),
        "dew_point": brute.number(
            row["dewp"],
        ),
        "humidity": brute.number(
            row["humid"],
        ),
        "air_pressure": brute.number(
            row["pressure"],
        ),
        "visibility": brute.number(
            row["visib"],
        ),
        "north_wind": brute.number(
            row["wind_from_north"],
        ),
        "east_wind": brute.number(
            row["wind_from_east"],
        ),
        "temperature_mean_6h": brute.mean_of(
            brute.window(rows, row, KEYS, "temp", timedelta(hours=6)),
        ),
        "temperature_mean_24h": brute.mean_of(
            brute.window(rows, row, KEYS, "temp", timedelta(days=1)),
        ),
        "temperature_lowest_24h": brute.min_of(
            brute.window(rows, row, KEYS, "temp", timedelta(days=1)),
        ),
        "temperature_highest_24h": brute.max_of(
            brute.window(rows, row, KEYS, "temp", timedelta(days=1)),
        ),
        "pressure_mean_6h": brute.mean_of(
            brute.window(rows, row, KEYS, "pressure", timedelta(hours=6)),
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
