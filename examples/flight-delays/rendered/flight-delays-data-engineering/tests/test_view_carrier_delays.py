"""What the features of `carrier_delays` must be, and that none of them knows the future."""

from collections.abc import Sequence
from datetime import timedelta

import brute
import checks
import pytest
from synthetic import Row

from flight_delays_data_engineering.views.carrier_delays import VIEW

KEYS = ("carrier",)
# The instant from which a row may be used, told here a second time on purpose.
AVAILABLE_AT = "landed_at"
EVERY = timedelta(hours=1)


def expected(rows: Sequence[Row], row: Row) -> Row:
    """The features of a row."""
    return {
        "carrier_delay_1d": brute.mean_of(
            brute.window(rows, row, KEYS, "arr_delay", timedelta(days=1)),
        ),
        "carrier_late_share_7d": brute.mean_of(
            brute.window(rows, row, KEYS, "is_late", timedelta(days=7)),
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
