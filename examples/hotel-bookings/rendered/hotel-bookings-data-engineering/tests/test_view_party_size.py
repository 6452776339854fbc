"""What the features of `party_size` must be, and that none of them knows the future."""

from collections.abc import Sequence
from datetime import timedelta

import brute
import checks
import pytest
from synthetic import Row

from hotel_bookings_data_engineering.views.party_size import VIEW

KEYS = ("party",)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "judged_at - INTERVAL 9 HOUR"
EVERY = None


def expected(rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "rooms_together": brute.count_of(
            brute.window(rows, row, KEYS, "lead_time", timedelta(days=1)),
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
