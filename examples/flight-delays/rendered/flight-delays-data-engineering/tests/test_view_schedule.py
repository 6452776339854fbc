"""What the features of `schedule` must be, and that none of them knows the future."""

from collections.abc import Sequence

import brute
import checks
import pytest
from synthetic import Row

from flight_delays_data_engineering.views.schedule import VIEW

KEYS = ("flight_id",)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "scheduled_departure - INTERVAL 7 DAY"
EVERY = None


def expected(_rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "departure_hour": brute.part(
            row["scheduled_departure"],
            "hour",
            "America/New_York",
        ),
        "departure_weekday": brute.part(
            row["scheduled_departure"],
            "weekday",
            "America/New_York",
        ),
        "carrier_code": brute.category(
            row["carrier"],
        ),
        "origin_airport": brute.category(
            row["origin"],
        ),
        "destination": brute.category(
            row["dest"],
        ),
        "distance": brute.number(
            row["distance"],
        ),
        "seats": brute.number(
            row["seats"],
        ),
        "plane_age": brute.number(
            row["plane_age"],
        ),
        "seats_per_mile": brute.ratio(
            row["seats"],
            row["distance"],
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
