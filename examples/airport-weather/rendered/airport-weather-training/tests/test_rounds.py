"""A round: a challenger where one is asked for, promoted when it is better, refused when not."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airport_weather_training import (
    compute,
    plan,
    promotion,
    registry,
    rounds,
    windows,
)
from airport_weather_training.dataset import chosen
from airport_weather_training.faults import Fault
from airport_weather_training.register import (
    ALIAS,
    CHALLENGER,
    describe,
    register,
)
from airport_weather_training.rounds import Round
from airport_weather_training.run_record import Run, execute
from airport_weather_training.settings import Settings
from airport_weather_training.steps import steps
from airport_weather_training.train import train

from .conftest import run_step

PACKAGE = "airport_weather_training"
END = plan.WINDOWS["test"].end + plan.COMPARED
START = END - timedelta(days=1)


@pytest.fixture
def again(
    settings: Settings, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A state of its own with a training set; the compute is this process."""
    monkeypatch.setattr(compute, "session", _here)
    monkeypatch.setattr(compute, "fit", lambda settings, function, *given: function(*given))
    monkeypatch.setattr(f"{PACKAGE}.challenger.SEARCH_AGAIN", False)
    shutil.copytree(settings.state / "features", tmp_path / "features")
    shutil.copytree(dataset, tmp_path / "training" / "dataset")
    extra = {
        name: value.replace(str(settings.state), str(tmp_path))
        for name, value in settings.extra.items()
    }
    return replace(settings, state=tmp_path, extra=extra)


@contextmanager
def _here(settings: Settings) -> Iterator[None]:
    yield


def first(settings: Settings, *, spoilt: bool = False) -> None:
    """A first model that is champion; a spoilt one has learnt from shuffled labels."""
    training = settings.state / "training"
    if spoilt:
        for name in ("train", "validation"):
            path = training / "dataset" / f"{name}.parquet"
            shuffled(pd.read_parquet(path)).to_parquet(path, index=False)
    step = next(step for step in steps(settings) if step.name == "train")
    middle = {name: (limits.minimum + limits.maximum) / 2 for name, limits in plan.SPACE.items()}
    known = {name: int(value) if value > 2 else value for name, value in middle.items()}
    run = Run(step, "by-hand", plan.SEED)
    found = train(settings, run, training / "dataset", training / "model", known)
    (training / "search.json").write_text(json.dumps(found), "utf-8")
    record = settings.state / "runs" / "train" / "latest.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"id": "by-hand"}), "utf-8")
    run_step(settings, "evaluate")
    evaluation = read(settings, "training/evaluation.json")
    version = register(settings, training / "model", evaluation, "by-hand")
    registry.promote(settings, version.version, ALIAS, "for the test")
    describe(training / "registration.json", version, ALIAS, [], "by-hand")


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    label = np.random.default_rng(3).permutation(frame[plan.LABEL].to_numpy())
    return frame.assign(**{plan.LABEL: label})


def in_round(settings: Settings, *, retrain: bool = True, end: Any = END) -> Settings:
    """The settings of the round, with what monitoring says of it."""
    within = replace(settings, round=Round(end - timedelta(days=1), end))
    place = rounds.folder(within)
    place.mkdir(parents=True)
    trigger = {"name": "manual", "fired": retrain, "words": "asked for by hand"}
    document = {"retrain": retrain, "words": "all is well", "triggers": [trigger]}
    (place / "watch.json").write_text(json.dumps(document), "utf-8")
    return within


def run_round(settings: Settings) -> dict[str, Any]:
    for name in ("retrain", "compare"):
        step = next(step for step in steps(settings) if step.name == name)
        execute(step, settings=settings, repository="airport-weather-training")
    return read(settings, f"rounds/{rounds.folder(settings).name}/comparison.json")


def read(settings: Settings, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((settings.state / name).read_text("utf-8"))
    return document


def test_nothing_is_trained_where_nothing_asks_for_it(again: Settings) -> None:
    first(again)
    within = in_round(again, retrain=False)
    document = run_round(within)
    assert document["decision"] == "not needed"
    assert document["reasons"] == ["no rule asked for a challenger"]
    assert not (rounds.folder(within) / "challenger" / "model").exists()
    assert registry.current(again, CHALLENGER) is None


def test_better_challenger_is_promoted_and_is_the_next_reference(again: Settings) -> None:
    first(again, spoilt=True)
    champion = registry.current(again, ALIAS)
    within = in_round(again)
    document = run_round(within)
    place = rounds.folder(within)
    assert document["decision"] == "promoted"
    assert document["better_share"] > plan.CONFIDENCE
    assert document["champion"]["version"] == champion
    assert document["challenger"]["version"] == registry.current(again, ALIAS) != champion
    assert registry.history(again)[-1].previous == champion
    windows_of = read(again, f"rounds/{place.name}/challenger/dataset/dataset.json")["windows"]
    assert windows_of["test"] == [(END - plan.COMPARED).isoformat(), END.isoformat()]
    known = read(again, "training/search.json")["parameters"]
    assert read(again, f"rounds/{place.name}/retrain.json")["parameters"] == known
    later = replace(again, round=Round(END, END + timedelta(days=1)))
    assert rounds.reference(later) == place / "challenger"
    assert rounds.reference(within) == again.state / "training"


def test_equal_challenger_is_refused(again: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first(again)
    champion = registry.current(again, ALIAS)
    same = {**plan.WINDOWS, "test": windows.until(END)["test"]}
    monkeypatch.setattr(windows, "until", lambda end: same)
    document = run_round(in_round(again))
    assert document["decision"] == "refused"
    assert document["difference"] == 0.0
    assert document["reasons"][0].startswith("failed: ")
    assert registry.current(again, ALIAS) == champion
    assert registry.current(again, CHALLENGER) == document["challenger"]["version"] != champion


def test_worse_challenger_is_refused(again: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first(again)
    champion = registry.current(again, ALIAS)
    monkeypatch.setattr("airport_weather_training.challenger.chosen", spoiling(chosen))
    document = run_round(in_round(again))
    assert document["decision"] == "refused"
    assert document["better_share"] < 0.05
    assert registry.current(again, ALIAS) == champion


def spoiling(choose: Callable[..., Any]) -> Callable[..., Any]:
    def spoilt(settings: Settings, planned: Any) -> Any:
        rows = choose(settings, planned)
        return {name: part if name == "test" else shuffled(part) for name, part in rows.items()}

    return spoilt


def test_window_that_the_champion_knows_is_shortened(again: Settings) -> None:
    first(again)
    document_path = again.state / "training" / "dataset" / "dataset.json"
    document = json.loads(document_path.read_text("utf-8"))
    known_until = END - plan.COMPARED / 2
    document["windows"]["validation"][1] = known_until.isoformat()
    document_path.write_text(json.dumps(document), "utf-8")
    compared = run_round(in_round(again))
    assert compared["window"]["start"] == known_until.isoformat()
    assert compared["reasons"][0].startswith("the champion knows the labels until ")


def test_window_that_the_champion_knows_wholly_is_refused(again: Settings) -> None:
    first(again, spoilt=True)
    document_path = again.state / "training" / "dataset" / "dataset.json"
    document = json.loads(document_path.read_text("utf-8"))
    document["windows"]["validation"][1] = END.isoformat()
    document_path.write_text(json.dumps(document), "utf-8")
    compared = run_round(in_round(again))
    assert compared["decision"] == "refused"
    assert any("are needed to tell a difference" in reason for reason in compared["reasons"])


def test_window_without_labels_is_said_and_nothing_fails(again: Settings) -> None:
    first(again)
    far = END + timedelta(days=3650)
    document = run_round(in_round(again, end=far))
    assert document["decision"] == "not needed"
    assert document["reasons"][0].startswith("not possible: the window validation")


def test_killed_after_the_promotion_it_comes_to_the_same(again: Settings) -> None:
    first(again, spoilt=True)
    within = in_round(again)
    before = run_round(within)
    (rounds.folder(within) / "comparison.json").unlink()
    (rounds.folder(within) / "challenger" / "registration.json").unlink()
    record = next((again.state / "runs" / "compare").rglob("latest.json"))
    half = record.with_name(".20130101T000000-0.json.7.partial")
    half.write_text("{", "utf-8")
    entries = len(registry.history(again))
    assert run_round(within) == before
    assert len(registry.history(again)) == entries
    assert not half.exists()


def test_round_that_comes_again_meets_the_champion_before_it(again: Settings) -> None:
    first(again, spoilt=True)
    before = registry.current(again, ALIAS)
    within = in_round(again)
    place = rounds.folder(within)
    run_round(within)
    watched = read(again, f"rounds/{place.name}/watch.json")
    watched["triggers"][0]["words"] = "asked for again"
    (place / "watch.json").write_text(json.dumps(watched), "utf-8")
    document = run_round(within)
    assert document["champion"]["version"] == before
    assert document["decision"] == "promoted"
    assert registry.current(again, ALIAS) == document["challenger"]["version"]
    later = replace(again, round=Round(END, END + timedelta(days=1)))
    assert rounds.reference(later) == place / "challenger"


@pytest.mark.parametrize("replayed", [True, False])
def test_first_model_takes_the_place_of_a_chosen_one_only_in_a_replay(
    again: Settings, monkeypatch: pytest.MonkeyPatch, *, replayed: bool
) -> None:
    monkeypatch.setattr(f"{PACKAGE}.register.judge", lambda evaluation: (True, []))
    first(again, spoilt=True)
    own = registry.current(again, ALIAS)
    run_round(in_round(again))
    chosen = registry.current(again, ALIAS)
    assert chosen != own
    settings = again if replayed else replace(again, replayed=None)
    run_step(settings, "register")
    assert registry.current(again, ALIAS) == (own if replayed else chosen)
    document = read(again, "training/registration.json")
    assert document["accepted"] is replayed
    assert bool(document["reasons"]) is not replayed


def test_round_that_is_replayed_again_begins_with_its_champion(
    again: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    first(again, spoilt=True)
    champion = registry.current(again, ALIAS)
    within = in_round(again)
    run_round(within)
    assert registry.current(again, ALIAS) != champion
    asked = ["--round", str(within.round)]
    assert promotion.rewind(again, asked) == 0
    assert registry.current(again, ALIAS) == champion
    assert f"version {champion} is {ALIAS} again" in capsys.readouterr().out
    promotion.rewind(again, asked)
    assert f"{ALIAS} stays version {champion}" in capsys.readouterr().out
    with pytest.raises(Fault, match="does not replay history"):
        promotion.rewind(replace(again, replayed=None), asked)


def test_promotion_by_hand_is_kept_with_its_reason(again: Settings) -> None:
    first(again, spoilt=True)
    champion = str(registry.current(again, ALIAS))
    run_round(in_round(again))
    asked = ["--version", champion, "--reason", "complaints from the gate"]
    assert promotion.promote(again, asked) == 0
    assert registry.current(again, ALIAS) == champion
    assert registry.history(again)[-1].reason == "by hand: complaints from the gate"
    with pytest.raises(Fault, match="--reason is empty"):
        promotion.promote(again, ["--version", champion, "--reason", " "])
    with pytest.raises(Fault, match="99"):
        promotion.promote(again, ["--version", "99", "--reason", "by mistake"])
