"""The training set: who is in, what no window may know, and that the contract holds."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from airport_weather_training import contract, plan
from airport_weather_training.dataset import in_window, left_out
from airport_weather_training.faults import Fault
from airport_weather_training.settings import Settings


@pytest.fixture
def entities(settings: Settings) -> pd.DataFrame:
    return pd.read_parquet(settings.state / "features" / "entities.parquet")


def window(entities: pd.DataFrame, name: str, settings: Settings) -> pd.DataFrame:
    return in_window(entities, name, plan.WINDOWS[name], settings)


def test_windows_hold_their_rows_in_order_with_all_features(dataset: Path) -> None:
    for name, window in plan.WINDOWS.items():
        frame = pd.read_parquet(dataset / f"{name}.parquet")
        assert list(frame) == [plan.KEY, "event_timestamp", *plan.FEATURES, plan.LABEL]
        assert frame["event_timestamp"].between(window.start, window.end, inclusive="left").all()
        assert frame["event_timestamp"].is_monotonic_increasing
        assert frame[list(plan.FEATURES)].notna().all().all()


def test_document_tells_rows_hash_and_statistics(dataset: Path) -> None:
    document = json.loads((dataset / "dataset.json").read_text("utf-8"))
    for name in plan.WINDOWS:
        rows = len(pd.read_parquet(dataset / f"{name}.parquet"))
        assert document["rows"][name] == rows > 0
    assert len(document["sha256"]) == 64
    assert set(document["nulls"]) == set(document["statistics"]) == set(plan.FEATURES)


def test_label_that_became_known_after_its_window_is_left_out(
    settings: Settings, entities: pd.DataFrame
) -> None:
    before = window(entities, "train", settings)
    late = before[plan.KEY].iloc[-1]
    after_window = plan.WINDOWS["train"].end + timedelta(minutes=1)
    entities.loc[entities[plan.KEY] == late, "label_known_at"] = after_window
    after = window(entities, "train", settings)
    assert late not in set(after[plan.KEY])
    assert len(after) == len(before) - 1
    windows = {name: window(entities, name, settings) for name in plan.WINDOWS}
    assert left_out(entities, windows, plan.WINDOWS)["label known too late"] == 1


def test_excluded_and_unknown_are_left_out_and_counted(
    settings: Settings, entities: pd.DataFrame
) -> None:
    entities.loc[0, [plan.LABEL, "excluded"]] = [None, "a reason"]
    entities.loc[1, plan.LABEL] = None
    windows = {name: window(entities, name, settings) for name in plan.WINDOWS}
    kept = set(windows["train"][plan.KEY])
    assert not kept & {entities[plan.KEY][0], entities[plan.KEY][1]}
    counted = left_out(entities, windows, plan.WINDOWS)
    assert (counted["a reason"], counted["label unknown"]) == (1, 1)


def test_window_that_is_not_over_is_refused(settings: Settings, entities: pd.DataFrame) -> None:
    earlier = replace(settings, replayed=plan.WINDOWS["test"].end - timedelta(days=1))
    with pytest.raises(Fault, match=r"the window test ends at .* after the clock"):
        window(entities, "test", earlier)


def test_table_that_breaks_the_contract_is_refused(dataset: Path) -> None:
    frame = pd.read_parquet(dataset / "test.parquet")
    contract.check(frame, "training-set")
    first = next(iter(plan.FEATURES))
    with pytest.raises(Fault, match=f"column {first} is missing"):
        contract.check(frame.drop(columns=first), "training-set")
    with pytest.raises(Fault, match="column surplus is unknown"):
        contract.check(frame.assign(surplus=1.0), "training-set")
    with pytest.raises(Fault, match=f"column {plan.LABEL} has {len(frame)} nulls"):
        contract.check(frame.assign(**{plan.LABEL: float("nan")}), "training-set")
    with pytest.raises(Fault, match=f"column {plan.LABEL} is object"):
        contract.check(frame.assign(**{plan.LABEL: "text"}), "training-set")
