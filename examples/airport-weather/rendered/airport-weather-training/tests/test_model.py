"""The model package: same bytes again, what serving relies on, and that tampering is found."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airport_weather_training import plan
from airport_weather_training.faults import Fault
from airport_weather_training.model import Feature, Model
from airport_weather_training.settings import Settings

from .conftest import run_step


def test_training_twice_gives_the_same_bytes(settings: Settings, trained: Path) -> None:
    search = trained.parent / "search.json"
    before = {path.name: path.read_bytes() for path in (*trained.iterdir(), search)}
    run_step(settings, "train")
    after = {path.name: path.read_bytes() for path in (*trained.iterdir(), search)}
    assert after == before


def test_search_tells_every_trial(trained: Path) -> None:
    document = json.loads((trained.parent / "search.json").read_text("utf-8"))
    assert len(document["trials"]) == plan.TRIALS
    for trial in document["trials"]:
        for name, limits in plan.SPACE.items():
            assert limits.minimum <= trial["parameters"][name] <= limits.maximum


def test_signature_follows_the_plan(trained: Path) -> None:
    model = Model.load(trained)
    assert {feature.name: feature.type for feature in model.features} == dict(plan.FEATURES)
    assert list(model.names) == list(plan.FEATURES)
    assert model.signature["label"] == plan.LABEL


def test_order_of_columns_and_rows_does_not_matter(dataset: Path, trained: Path) -> None:
    model = Model.load(trained)
    frame = pd.read_parquet(dataset / "test.parquet")
    whole = model.predict(frame)
    assert np.array_equal(model.predict(frame[list(reversed(list(frame)))]), whole)
    assert np.array_equal(model.predict(frame.iloc[::-1])[::-1], whole)
    assert np.array_equal(model.predict(frame.iloc[[3]]), whole[[3]])
    assert len(model.predict(frame.iloc[:0])) == 0


def test_unknown_category_and_infinity_count_as_missing() -> None:
    category = Feature("some", "category", ("a", "b")).encode(pd.Series(["b", "new", None]))
    assert category[0] == 1.0
    assert np.isnan(category[1:]).all()
    number = Feature("other", "number").encode(pd.Series([1.5, np.inf, 1e300, None]))
    assert number[0] == 1.5
    assert np.isnan(number[1:]).all()


def test_missing_column_is_named(dataset: Path, trained: Path) -> None:
    first = next(iter(plan.FEATURES))
    frame = pd.read_parquet(dataset / "test.parquet").drop(columns=first)
    with pytest.raises(Fault, match=f"features are missing: {first}"):
        Model.load(trained).predict(frame)


@pytest.mark.parametrize("name", ["model.ubj", "signature.json"])
def test_changed_file_is_refused(trained: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(trained, tmp_path / "model")
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    with pytest.raises(Fault, match=f"{name} differs from manifest"):
        Model.load(copy)
    (copy / name).unlink()
    with pytest.raises(Fault, match="no complete model package"):
        Model.load(copy)
