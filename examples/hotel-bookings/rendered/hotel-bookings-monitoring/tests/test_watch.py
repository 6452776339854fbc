"""The step watch on a small state: a round, the labels known by its end, and what is decided."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import CLOCK, rows, splits

from hotel_bookings_monitoring import (
    quality,
    rounds,
    triggers,
    watch,
)
from hotel_bookings_monitoring.faults import Fault
from hotel_bookings_monitoring.labelled import read_labelled
from hotel_bookings_monitoring.model import Model
from hotel_bookings_monitoring.plan import FEATURES, KEY, LABEL
from hotel_bookings_monitoring.rounds import Round
from hotel_bookings_monitoring.run_record import execute
from hotel_bookings_monitoring.settings import Settings
from hotel_bookings_monitoring.steps import steps

LENGTH = timedelta(days=30)
FIRST = next(name for name, kind in FEATURES.items() if kind == "number")


class Follower:
    """Stands in for the model package: it says what the first number says."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return said(frame)


def said(frame: pd.DataFrame) -> Any:
    return 1 / (1 + np.exp(-(frame[FIRST].to_numpy(dtype="float64") - 10.0)))


def labelled(frame: pd.DataFrame, *, noise: float = 1.0) -> pd.DataFrame:
    """The label follows the first number, more or less."""
    generator = np.random.default_rng(11)
    value = frame[FIRST] + generator.normal(0, noise, len(frame))
    return frame.assign(**{LABEL: (value > 10).astype(float)})


@pytest.fixture
def within(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A champion's dossier, and the round after it."""
    monkeypatch.setattr(Model, "load", lambda folder: Follower())
    monkeypatch.setattr(quality, "QUALITY_DROP", 0.02)
    training = settings.state / "training"
    (training / "dataset").mkdir(parents=True)
    windows = {}
    for name, frame in splits().items():
        labelled(frame).to_parquet(training / "dataset" / f"{name}.parquet")
        moment = frame["event_timestamp"]
        windows[name] = [moment.min().isoformat(), moment.max().isoformat()]
    write(training / "dataset" / "dataset.json", {"windows": windows})
    write(training / "registration.json", {"version": "1", "digest": "d", "accepted": True})
    (training / "model").mkdir()
    return replace(settings, round=Round(CLOCK, CLOCK + LENGTH))


def traffic(
    settings: Settings, *, noise: float = 1.0, shift: float = 0.0, count: int = 3000
) -> None:
    """A round's traffic and the entities with the labels that came of it."""
    now = rounds.current(settings)
    asked = labelled(rows(now.start, now.end, max(count, 1), 22, shift), noise=noise).head(count)
    columns = asked.rename(columns={KEY: "key", "event_timestamp": "as_of"}).drop(columns=LABEL)
    place = rounds.folder(settings)
    place.mkdir(parents=True)
    columns.assign(
        prediction=said(asked), model_version="1", predicted_at=asked["event_timestamp"]
    ).to_parquet(place / "traffic.parquet")
    features = settings.state / "features"
    features.mkdir(exist_ok=True)
    entities = asked[[KEY, "event_timestamp", LABEL]].assign(
        label_known_at=asked["event_timestamp"] + timedelta(hours=6),
        excluded=pd.Series([None] * len(asked), dtype=object),
    )
    entities.to_parquet(features / "entities.parquet")


def write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document), "utf-8")


def watched(settings: Settings) -> dict[str, Any]:
    for step in steps(settings):
        execute(step, settings=settings, repository="hotel-bookings-monitoring", force=True)
    path = rounds.folder(settings) / "watch.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def test_worse_predictions_are_an_alert_and_ask_for_a_challenger(within: Settings) -> None:
    traffic(within, noise=8.0)
    document = watched(within)
    assert document["quality"]["alert"]
    assert document["alert"]
    assert document["retrain"]
    assert document["words"].startswith("A challenger is trained. ")
    assert document["reference"] == {"folder": "training", "version": "1"}
    fired = [one["name"] for one in document["triggers"] if one["fired"]]
    assert "quality_drop" in fired


def test_what_stays_alike_is_no_alert(within: Settings) -> None:
    traffic(within)
    document = watched(within)
    assert not document["quality"]["alert"]
    assert document["drift"]["verdict"] == "stable"
    assert "Nothing needs to be done." in document["drift"]["words"]
    assert document["quality"]["current"]["rows"] > 2900
    assert not document["alert"]


def test_labels_that_are_not_known_yet_are_unknown(within: Settings) -> None:
    traffic(within)
    path = within.state / "features" / "entities.parquet"
    entities = pd.read_parquet(path)
    entities["label_known_at"] = rounds.current(within).end + timedelta(days=1)
    entities.to_parquet(path)
    document = watched(within)
    assert document["quality"]["drop"] is None
    assert not document["quality"]["alert"]
    assert document["quality"]["words"].startswith("Unknown: 0 predictions")


def test_labels_that_took_long_are_watched_when_they_are_known(within: Settings) -> None:
    traffic(within)
    path = within.state / "features" / "entities.parquet"
    entities = pd.read_parquet(path)
    entities["label_known_at"] = rounds.current(within).end + timedelta(days=1)
    end = rounds.current(within).end
    later = replace(within, round=Round(end, end + LENGTH))
    place = rounds.folder(later)
    place.mkdir()
    earlier = pd.read_parquet(rounds.folder(within) / "traffic.parquet")
    earlier.head(0).to_parquet(place / "traffic.parquet")
    entities.to_parquet(path)
    assert len(read_labelled(later)) == len(entities)
    assert watched(later)["drift"]["verdict"] == "unknown"


def test_last_prediction_before_the_label_counts(within: Settings) -> None:
    traffic(within, count=50)
    path = rounds.folder(within) / "traffic.parquet"
    once = pd.read_parquet(path)
    again = once.assign(as_of=once["as_of"] + timedelta(hours=1), prediction=0.25)
    too_late = once.assign(as_of=once["as_of"] + timedelta(days=1), prediction=0.75)
    pd.concat([once, again, too_late], ignore_index=True).to_parquet(path)
    found = read_labelled(within)
    assert found[KEY].is_unique
    assert set(found["prediction"]) == {0.25}


def test_no_traffic_is_unknown_and_no_alert(within: Settings) -> None:
    traffic(within, count=0)
    document = watched(within)
    assert document["drift"]["verdict"] == "unknown"
    assert document["quality"]["drop"] is None
    assert not document["alert"]


def test_excluded_rows_do_not_count(within: Settings) -> None:
    traffic(within)
    path = within.state / "features" / "entities.parquet"
    pd.read_parquet(path).assign(excluded="gone").to_parquet(path)
    assert read_labelled(within).empty


def test_asked_by_hand_it_retrains(within: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    traffic(within)
    monkeypatch.setenv(watch.BY_HAND, "new timetable")
    document = watched(within)
    assert document["retrain"]
    assert "Asked for by hand: new timetable." in document["words"]


@pytest.fixture
def promoted(within: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The round after one in which a version of new windows replaced a bad one of old windows."""
    monkeypatch.setattr(triggers, "EVERY", timedelta(days=90))
    monkeypatch.setattr(triggers, "NEW_ROWS", 5000)
    first, end = rounds.folder(within), rounds.current(within).end
    dataset = within.state / "training" / "dataset"
    shutil.copytree(within.state / "training", first / "challenger")
    learnt = [(end - timedelta(days=40)).isoformat(), (end - timedelta(days=10)).isoformat()]
    fresh = {"windows": {"train": learnt, "validation": learnt, "test": learnt}}
    write(first / "challenger" / "dataset" / "dataset.json", fresh)
    write(first / "challenger" / "registration.json", {"version": "2", "digest": "e"})
    write(first / "comparison.json", {"decision": "promoted"})
    learnt = [(CLOCK - timedelta(days=400)).isoformat(), (CLOCK - timedelta(days=300)).isoformat()]
    write(dataset / "dataset.json", {"windows": {"train": learnt, "validation": learnt}})
    later = replace(within, round=Round(end, end + LENGTH))
    traffic(later, noise=8.0)
    answered(later, "1", "2", 2600)
    return later


def answered(settings: Settings, before: str, after: str, place: int) -> None:
    """So many rows were answered by one version, the rest by another one."""
    path = rounds.folder(settings) / "traffic.parquet"
    asked = pd.read_parquet(path)
    versions = np.where(np.arange(len(asked)) < place, before, after)
    asked.assign(model_version=versions).to_parquet(path)


def fired(document: dict[str, Any]) -> list[str]:
    return [one["name"] for one in document["triggers"] if one["fired"]]


def test_replaced_version_asks_for_no_challenger(promoted: Settings) -> None:
    document = watched(promoted)
    folder = f"rounds/{Round(CLOCK, CLOCK + LENGTH).part}/challenger"
    assert document["reference"] == {"folder": folder, "version": "2"}
    assert document["quality"]["version"] == "2"
    assert document["quality"]["current"]["rows"] < 400
    assert document["quality"]["other_versions"] > 2500
    age = next(one for one in document["triggers"] if one["name"] == "every")
    assert age["value"] == 40
    assert not {"every", "new_rows"}.intersection(fired(document))


def test_quality_of_the_replaced_version_is_not_that_of_the_champion(promoted: Settings) -> None:
    answered(promoted, "1", "2", 2950)
    document = watched(promoted)
    assert document["quality"]["drop"] is None
    assert fired(document) == []
    assert not document["quality"]["alert"]


def test_champion_that_has_not_answered_yet_is_the_champion(promoted: Settings) -> None:
    answered(promoted, "1", "2", 3000)
    document = watched(promoted)
    assert document["reference"]["version"] == "2"
    assert fired(document) == []


def test_version_that_was_put_back_by_hand_is_watched(promoted: Settings) -> None:
    answered(promoted, "2", "1", 1000)
    document = watched(promoted)
    assert document["reference"] == {"folder": "training", "version": "1"}
    assert "every" in fired(document)


def test_missing_values_are_an_alert_and_retrain_nothing(within: Settings) -> None:
    traffic(within)
    path = rounds.folder(within) / "traffic.parquet"
    asked = pd.read_parquet(path)
    name = next(name for name in FEATURES if name != FIRST)
    kept = asked[name].where(asked.index % 2 == 0)
    asked.assign(**{name: kept}).to_parquet(path)
    document = watched(within)
    assert document["alert"]
    assert document["drift"]["verdict"] == "incomplete"
    assert "drift" not in fired(document)
    assert "Nothing needs to be done" not in document["drift"]["words"]


def test_missing_traffic_is_named(within: Settings) -> None:
    traffic(within)
    (rounds.folder(within) / "traffic.parquet").unlink()
    with pytest.raises(Fault, match=r"traffic\.parquet is missing"):
        watched(within)


def test_planted_drift_is_found_and_controls_are_kept(within: Settings) -> None:
    traffic(within, shift=1.0)
    document = watched(within)
    assert document["drift"]["verdict"] == "drifted"
    assert document["alert"]
    prediction = document["drift"]["prediction"]
    assert len(prediction["controls"]) > 1
    shown = f"({prediction['distance']:.3f}, control {prediction['control']:.3f})"
    assert shown in document["drift"]["words"]
    kept = list((within.state / "monitoring").glob("controls-*.json"))
    assert len(kept) == 1
    before = kept[0].read_bytes()
    assert watched(within)["drift"]["features"] == document["drift"]["features"]
    assert [path.read_bytes() for path in kept] == [before]


def test_labels_that_were_looked_at_are_not_asked_for_again(within: Settings) -> None:
    traffic(within, shift=0.1)
    document = watched(within)
    assert document["quality"]["drop"] is not None
    assert document["drift"]["prediction"]["drifted"]
    assert "the labels say whether the model became worse" in document["drift"]["words"]
    assert "confirm with labels" not in document["drift"]["words"]
