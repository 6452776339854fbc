"""What every technology that measures drift must do."""

import numpy as np
import pandas as pd
import pytest
from conftest import KINDS, Measure, table

NEAR = 0.1


def test_a_random_split_is_near(measure: Measure) -> None:
    whole = table(6000)
    chosen = np.random.default_rng(5).permutation(len(whole)) < len(whole) // 2
    found = measure(whole[chosen], whole[~chosen])
    assert set(found) == set(KINDS)
    assert max(found.values()) < NEAR


def test_a_table_is_at_no_distance_from_itself(measure: Measure) -> None:
    assert max(measure(table(), table()).values()) == pytest.approx(0.0, abs=1e-9)


def test_a_planted_shift_of_numbers_is_found(measure: Measure) -> None:
    found = measure(table(), table(seed=1, shift=0.5))
    assert found["delay"] > 2 * NEAR
    assert found["fare"] > 2 * NEAR
    assert found["dest"] < NEAR


def test_a_planted_shift_of_categories_is_found(measure: Measure) -> None:
    found = measure(table(), table(seed=1, share=0.8))
    assert found["carrier"] > 2 * NEAR
    assert found["delay"] < NEAR


def test_a_value_never_seen_before_is_found(measure: Measure) -> None:
    current = table(seed=1)
    current.loc[current["carrier"] == "UA", "carrier"] = "XX"
    assert measure(table(), current)["carrier"] > 2 * NEAR


def test_a_larger_shift_is_farther(measure: Measure) -> None:
    found = [measure(table(), table(seed=1, shift=shift))["delay"] for shift in (0.25, 0.5, 1.0)]
    assert found == sorted(found)
    assert found[2] > 1.5 * found[1]


def test_a_distance_does_not_depend_on_the_unit(measure: Measure) -> None:
    small, large = table(), table(seed=1, shift=0.5)
    scaled = [frame.assign(delay=frame["delay"] * 60) for frame in (small, large)]
    assert measure(*scaled)["delay"] == pytest.approx(measure(small, large)["delay"], rel=1e-6)


def test_missing_values_are_left_out(measure: Measure) -> None:
    current = table(seed=1)
    current.loc[::3, ["delay", "carrier"]] = [np.nan, None]
    found = measure(table(), current)
    assert found["delay"] < NEAR
    assert found["carrier"] < NEAR


def test_what_is_known_on_one_side_only_is_far(measure: Measure) -> None:
    gone = table(seed=1).assign(delay=np.nan, carrier=pd.Series([None] * 3000, dtype=object))
    found = measure(table(), gone)
    assert found["delay"] == found["carrier"] == 1.0
    assert measure(gone, table())["delay"] == 1.0
    assert measure(gone, gone)["delay"] == 0.0


def test_a_constant_column_can_be_measured(measure: Measure) -> None:
    still = table().assign(delay=7.0)
    assert measure(still, still)["delay"] == 0.0
    assert measure(still, table(seed=1).assign(delay=8.0))["delay"] > NEAR


def test_the_same_tables_give_the_same_distances_and_stay_as_they_are(measure: Measure) -> None:
    reference, current = table(), table(seed=1, shift=0.3)
    before = reference.copy(), current.copy()
    assert measure(reference, current) == measure(reference, current)
    pd.testing.assert_frame_equal(reference, before[0])
    pd.testing.assert_frame_equal(current, before[1])
