"""What a row must hold, and that the model takes columns by name."""

import math
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pytest
from conftest import (
    package,
    row,
)

from hotel_bookings_serving import scoring
from hotel_bookings_serving.faults import Fault
from hotel_bookings_serving.model import Model
from hotel_bookings_serving.scoring import (
    FEATURES,
    BadRows,
    Scorer,
    checked_rows,
    rows_of,
)

NUMBER: Final = next(name for name, type_ in FEATURES.items() if type_ == "number")
CATEGORY: Final = next((name for name, type_ in FEATURES.items() if type_ == "category"), None)


def frame_of(*numbers: int) -> pd.DataFrame:
    """Rows as the table in which batch scoring gets them."""
    rows = [row(number) for number in numbers]
    return pd.DataFrame({name: [one[name] for one in rows] for name in FEATURES})


def test_full_rows_are_kept_in_the_order_of_the_features() -> None:
    backwards = dict(reversed(row(1).items()))
    checked = checked_rows([row(0), backwards])
    assert checked == [row(0), row(1)]
    assert [list(one) for one in checked] == [list(FEATURES)] * 2
    assert rows_of(frame_of(0, 1)) == checked


def test_whole_numbers_are_numbers() -> None:
    assert checked_rows([{**row(0), NUMBER: 3}]) == [{**row(0), NUMBER: 3.0}]


def test_plain_rows_are_scored_as_a_table_is(tmp_path: Path) -> None:
    scorer = Scorer(Model.load(package(tmp_path / "m")), "7")
    rows = [row(number) for number in range(50)]
    rows[7] = dict.fromkeys(FEATURES)
    rows[9] = {name: "new" if isinstance(value, str) else value for name, value in row(9).items()}
    frame = pd.DataFrame({name: [one[name] for one in rows] for name in FEATURES})
    expected = scorer.predict_rows(frame)["prediction"].tolist()
    assert scorer.predict(checked_rows(rows)) == expected
    assert [scorer.predict([one])[0] for one in rows] == expected
    assert scorer.predict([]) == []


@pytest.mark.parametrize(
    "value",
    ["many", True, [1.0], {}, math.inf, -math.inf, math.nan, 1e39, 10**400],
)
def test_what_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(BadRows, match=NUMBER) as caught:
        checked_rows([row(0), {**row(1), NUMBER: value}])
    assert [(reason.row, reason.field) for reason in caught.value.reasons] == [(1, NUMBER)]


@pytest.mark.parametrize("value", [7, 1.5, False, ["a"], "x" * 201])
def test_what_is_no_category_is_refused_by_name(value: object) -> None:
    if CATEGORY is None:
        pytest.skip("no feature is a category")
    with pytest.raises(BadRows, match=CATEGORY):
        checked_rows([{**row(0), CATEGORY: value}])


def test_missing_and_unknown_features_are_refused_together() -> None:
    incomplete = {name: value for name, value in row(0).items() if name != NUMBER}
    with pytest.raises(BadRows) as caught:
        checked_rows([{**incomplete, "surprise": 1.0}])
    assert {reason.field for reason in caught.value.reasons} == {NUMBER, "surprise"}


@pytest.mark.parametrize("value", [None, 3, "row", []])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(BadRows, match="row 0"):
        checked_rows([value])


def test_columns_are_taken_by_name_in_any_order(tmp_path: Path) -> None:
    backwards = tuple(FEATURES)[::-1]
    scorer = Scorer(Model.load(package(tmp_path / "m", order=backwards)), "7")
    frame = frame_of(0, 1)
    expected = scorer.predict_rows(frame)["prediction"]
    shuffled = scorer.predict_rows(frame[list(backwards)])
    np.testing.assert_array_equal(shuffled["prediction"], expected)
    assert set(shuffled["model_version"]) == {"7"}


def test_a_model_for_other_features_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = Model.load(package(tmp_path / "m"))
    monkeypatch.setattr(scoring, "FEATURES", {**FEATURES, NUMBER: "category"})
    with pytest.raises(Fault, match=NUMBER):
        Scorer(model, "7")
