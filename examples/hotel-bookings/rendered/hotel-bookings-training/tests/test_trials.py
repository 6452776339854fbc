"""The best of the trials, whatever compute ran them."""

import pytest

from hotel_bookings_training.faults import Fault
from hotel_bookings_training.trials import Trial, best_of


def trial(number: int, value: float | None) -> Trial:
    return Trial(number, {"depth": number}, value, None if value else "too deep", 1.0)


def test_highest_value_wins_and_failures_never_do() -> None:
    found = best_of([trial(0, 0.1), trial(1, None), trial(2, 0.7), trial(3, 0.7)])
    assert found.parameters == {"depth": 2}
    assert found.value == 0.7
    assert len(found.trials) == 4


def test_all_failed_is_a_fault_with_the_reason() -> None:
    with pytest.raises(Fault, match=r"all 2 trials of the search failed \(too deep\)"):
        best_of([trial(0, None), trial(1, None)])
