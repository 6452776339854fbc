"""What the features of `booking` must be, and that none of them knows the future."""

from collections.abc import Sequence

import brute
import checks
import pytest
from synthetic import Row

from hotel_bookings_data_engineering.views.booking import VIEW

KEYS = ("booking_id",)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "judged_at - INTERVAL 9 HOUR"
EVERY = None


def expected(_rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "hotel_kind": brute.category(
            row["hotel"],
        ),
        "booked_ahead": brute.number(
            row["lead_time"],
        ),
        "days_to_arrival": brute.number(
            row["days_left"],
        ),
        "arrival_weekday": brute.part(
            row["arrives_at"],
            "weekday",
            "Europe/Lisbon",
        ),
        "night_count": brute.number(
            row["nights"],
        ),
        "weekend_nights": brute.number(
            row["stays_in_weekend_nights"],
        ),
        "guest_count": brute.number(
            row["guests"],
        ),
        "guests_per_night": brute.ratio(
            row["guests"],
            row["nights"],
        ),
        "board": brute.category(
            row["meal"],
        ),
        "segment": brute.category(
            row["market_segment"],
        ),
        "channel": brute.category(
            row["distribution_channel"],
        ),
        "kind_of_customer": brute.category(
            row["customer_type"],
        ),
        "room_type": brute.category(
            row["reserved_room_type"],
        ),
        "for_a_company": brute.category(
            row["company_booking"],
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
