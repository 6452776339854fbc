"""Registration: only an accepted model gets the alias, and every reason is kept."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hotel_bookings_training import plan, registry, tracking
from hotel_bookings_training.faults import Fault
from hotel_bookings_training.model import Model
from hotel_bookings_training.register import ALIAS, judge, publish_all
from hotel_bookings_training.settings import Settings

from .conftest import run_step


def judged(own: float, other: float) -> dict[str, Any]:
    return {"model": {"test": {plan.METRIC: own}}, "baseline": {"test": {plan.METRIC: other}}}


GOOD = plan.MINIMUM + 0.01
BAD = plan.MINIMUM - 0.01
CLEARLY_WORSE = -plan.BETTER_THAN_BASELINE_BY - 0.01


def test_good_model_is_accepted() -> None:
    accepted, reasons = judge(judged(GOOD, GOOD + CLEARLY_WORSE))
    assert accepted
    assert all(reason.startswith("passed: ") for reason in reasons)


def test_poor_metric_is_refused() -> None:
    accepted, reasons = judge(judged(BAD, BAD + CLEARLY_WORSE))
    assert not accepted
    assert reasons[0].startswith(f"failed: {plan.METRIC}")


def test_no_better_than_the_baseline_is_refused() -> None:
    accepted, reasons = judge(judged(GOOD, GOOD - CLEARLY_WORSE))
    assert not accepted
    assert reasons[1].startswith("failed: better than the baseline")


@pytest.fixture
def training(settings: Settings, trained: Path) -> Path:
    return run_step(settings, "evaluate")


def test_refused_model_is_registered_but_not_promoted(settings: Settings, training: Path) -> None:
    write(training, BAD, BAD)
    before = registry.current(settings, ALIAS)
    run_step(settings, "register")
    registration = json.loads((training / "registration.json").read_text("utf-8"))
    assert registration["alias"] is None
    assert not registration["accepted"]
    assert registry.current(settings, ALIAS) == before


def test_accepted_model_is_loaded_by_its_alias(
    settings: Settings, training: Path, tmp_path: Path
) -> None:
    write(training, GOOD, GOOD + CLEARLY_WORSE)
    run_step(settings, "register")
    registration = json.loads((training / "registration.json").read_text("utf-8"))
    assert registration["alias"] == ALIAS
    assert registry.current(settings, ALIAS) == registration["version"]
    loaded = registry.load(settings, ALIAS, tmp_path / "model")
    assert loaded.digest == registration["digest"] == Model.load(tmp_path / "model").digest
    promotion = registry.history(settings)[-1]
    assert (promotion.version, promotion.alias) == (registration["version"], ALIAS)


def test_registering_again_adds_no_version(settings: Settings, training: Path) -> None:
    write(training, GOOD, GOOD + CLEARLY_WORSE)
    versions = set()
    for _ in range(2):
        run_step(settings, "register")
        registration = json.loads((training / "registration.json").read_text("utf-8"))
        versions.add(registration["version"])
    assert len(versions) == 1


def test_evaluation_of_another_model_is_refused(settings: Settings, training: Path) -> None:
    path = training / "evaluation.json"
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**document, "package": "0" * 64}), "utf-8")
    with pytest.raises(Fault, match="the evaluation is of another model"):
        run_step(settings, "register")


def test_every_run_record_is_published_once(settings: Settings, training: Path) -> None:
    first = publish_all(settings)
    assert publish_all(settings) == first == len(tracking.runs(settings))
    assert {"dataset", "train", "evaluate"} <= {run["step"] for run in tracking.runs(settings)}


def test_damaged_record_is_named(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "train"
    folder.mkdir(parents=True)
    (folder / "some.json").write_text("{", "utf-8")
    with pytest.raises(Fault, match=r"some\.json is missing or damaged"):
        publish_all(replace(settings, state=tmp_path))


def write(training: Path, own: float, other: float) -> None:
    """An evaluation of the trained model with the given figures."""
    document = json.loads((training / "evaluation.json").read_text("utf-8"))
    document["model"]["test"] = {plan.METRIC: own}
    document["baseline"]["test"] = {plan.METRIC: other}
    (training / "evaluation.json").write_text(json.dumps(document), "utf-8")
