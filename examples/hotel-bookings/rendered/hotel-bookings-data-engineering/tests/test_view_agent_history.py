"""What the features of `agent_history` must be, and that none of them knows the future."""

from collections.abc import Sequence
from datetime import timedelta

import brute
import checks
import pytest
from synthetic import Row

from hotel_bookings_data_engineering.views.agent_history import VIEW

KEYS = (
    "hotel",
    "agent_code",
)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "arrived_by"
EVERY = None


def expected(rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "agent_lost_share": brute.mean_of(
            brute.window(rows, row, KEYS, "lost", timedelta(days=28)),
        ),
        "agent_bookings": brute.count_of(
            brute.window(rows, row, KEYS, "lost", timedelta(days=28)),
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
