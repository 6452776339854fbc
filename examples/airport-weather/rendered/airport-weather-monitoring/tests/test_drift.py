"""Distances: a planted shift is far, a random split is near."""

import numpy as np
import pandas as pd
import pytest

from airport_weather_monitoring import drift
from airport_weather_monitoring.settings import Settings

KINDS = {"number": "number", "category": "category"}


def table(rows: int, seed: int, shift: float = 0.0, favourite: float = 0.25) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    rest = (1 - favourite) / 3
    return pd.DataFrame(
        {
            "number": generator.normal(shift, 2.0, rows),
            "category": generator.choice(list("abcd"), rows, p=[favourite, rest, rest, rest]),
        }
    )


def test_a_random_split_is_near_and_a_shift_is_far(settings: Settings) -> None:
    reference = table(4000, seed=1)
    alike = drift.distances(settings, reference, table(4000, seed=2), KINDS)
    assert max(alike.values()) < 0.1
    moved = table(4000, seed=3, shift=1.0, favourite=0.7)
    far = drift.distances(settings, reference, moved, KINDS)
    # Half a standard deviation, within the noise of the samples.
    assert far["number"] == pytest.approx(0.5, abs=0.06)
    assert far["category"] > 0.2


def test_what_is_known_on_one_side_only_is_far(settings: Settings) -> None:
    reference = table(200, seed=1)
    current = reference.assign(number=np.nan)
    found = drift.distances(settings, reference, current, KINDS)
    assert found == {"number": 1.0, "category": 0.0}
    assert drift.distances(settings, current, current, KINDS)["number"] == 0.0
