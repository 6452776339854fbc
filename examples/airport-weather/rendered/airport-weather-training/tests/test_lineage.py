"""From a model's version back to its data and its code, and what every run leaves behind."""

import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from airport_weather_training import tracking
from airport_weather_training.register import publish_all
from airport_weather_training.run_record import content_hash
from airport_weather_training.settings import Settings

from .conftest import run_step


@pytest.fixture
def registered(settings: Settings, trained: Path) -> dict[str, Any]:
    """The registration of the trained model."""
    run_step(settings, "evaluate")
    path = run_step(settings, "register") / "registration.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def record(settings: Settings, step: str) -> dict[str, Any]:
    """The last run record of a step."""
    path = settings.state / "runs" / step / "latest.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def commit() -> str | None:
    """The commit of this repository, where it has one."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def test_a_version_leads_to_its_data_and_its_code(
    settings: Settings, registered: dict[str, Any]
) -> None:
    dataset, train, register = (record(settings, s) for s in ("dataset", "train", "register"))
    assert registered["run"] == train["id"]
    assert register["inputs"]["training/model"] == train["outputs"]["training/model"]
    assert train["inputs"]["training/dataset"] == dataset["outputs"]["training/dataset"]
    assert dataset["inputs"]["features"] == content_hash(settings.state / "features")
    for one in (dataset, train, register):
        assert one["commit"] == commit()
        assert one["code"] == train["code"]
        assert one["lock"] == content_hash(Path("uv.lock"))


def test_every_run_leaves_when_how_long_with_what_and_from_what(
    settings: Settings, registered: dict[str, Any]
) -> None:
    publish_all(settings)
    stored = {run["id"]: run for run in tracking.runs(settings)}
    for step in ("dataset", "train", "evaluate", "register"):
        written = record(settings, step)
        held = stored[written["id"]]
        assert datetime.fromisoformat(held["started"]) <= datetime.fromisoformat(held["finished"])
        assert held["seconds"] >= 0
        assert held["inputs"] and held["outputs"] and held["metrics"]
        for name in ("parameters", "seed", "metrics", "inputs", "outputs", "commit", "code"):
            assert held[name] == written[name]
    train = stored[registered["run"]]
    assert train["parameters"]
    assert train["seed"] is not None
