"""The probe notices what differs between online and batch."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import pytest
from conftest import (
    KEY,
    KEYS,
    row,
)

from hotel_bookings_serving import probe
from hotel_bookings_serving.faults import Fault
from hotel_bookings_serving.scoring import FEATURES

NUMBER: Final = next(name for name, type_ in FEATURES.items() if type_ == "number")


@pytest.fixture
def scores() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {KEY: key, **row(number), "prediction": 0.25, "model_version": "1"}
            for number, key in enumerate(KEYS)
        ]
    )


def answers(**changed: Any) -> list[Mapping[str, Any]]:
    return [
        {
            "features": {**row(number), **changed},
            "prediction": changed.get("prediction", 0.25),
            "model_version": changed.get("model_version", "1"),
        }
        for number in range(len(KEYS))
    ]


def test_what_is_equal_passes(scores: pd.DataFrame) -> None:
    assert probe._compare(scores, answers(), "by key") == 0
    close = answers(prediction=0.25 + 1e-12)
    assert 0 < probe._compare(scores, close, "by key") < 1e-9


@pytest.mark.parametrize(
    ("name", "value"),
    [("prediction", 0.26), ("model_version", "2"), (NUMBER, 1234.5), (NUMBER, None)],
)
def test_what_differs_is_named(scores: pd.DataFrame, name: str, value: object) -> None:
    with pytest.raises(Fault, match=f"{KEYS[0]} by key: {name} is"):
        probe._compare(scores, answers(**{name: value}), "by key")


def test_the_sample_is_the_same_for_the_same_seed() -> None:
    frame = pd.DataFrame({KEY: [str(number) for number in range(1000)]})
    first, again, other = (probe._sample(frame, seed)[KEY].tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) == probe.SAMPLE
