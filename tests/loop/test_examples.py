"""The other examples from their spec alone: to a served prediction and round the loop."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from rendering import CHECKOUT, ROLES, call, ninefold
from sliced import processes

# The data folder that lies beside the checkout; it is not part of it.
SHARED = Path(os.environ.get("NINEFOLD_SHARED") or CHECKOUT.parent / "shared")
BOOKINGS = SHARED / "data" / "hotel_bookings.csv"
# A network of one's own that reaches nothing but itself.
WITHOUT_NETWORK = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
CAN_BE_ALONE = os.geteuid() == 0 and all(map(shutil.which, ("unshare", "ip")))


@dataclass(frozen=True)
class Example:
    """An example whose loop has run."""

    spec: Mapping[str, Any]
    folder: Path
    output: str
    state: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", self.folder / "state" / "dev")

    def read(self, path: str) -> Any:
        """A document of the state folder."""
        return json.loads((self.state / path).read_text(encoding="utf-8"))


def _run(name: str, folder: Path, before: Sequence[str] = (), **variables: str) -> Example:
    spec = CHECKOUT / "examples" / name / "product.yaml"
    ninefold("new", spec, "--into", folder)
    if before:
        for role in ROLES[:-1]:  # the platform has no part in the loop
            call("make", "setup", at=folder / f"{name}-{role}")
    done = subprocess.run(
        [*before, sys.executable, "-m", "ninefold", "run", folder],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return Example(yaml.safe_load(spec.read_text(encoding="utf-8")), folder, done.stdout)


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The small regression, without a network where that can be had."""
    before = WITHOUT_NETWORK if CAN_BE_ALONE else ()
    return _run("airport-weather", tmp_path_factory.mktemp("weather") / "family", before)


@pytest.fixture(scope="module")
def hotels(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The product whose data a person brings."""
    if not BOOKINGS.is_file():
        pytest.skip(f"optional: no {BOOKINGS}; set NINEFOLD_SHARED to the folder of shared data")
    folder = tmp_path_factory.mktemp("hotels") / "family"
    return _run("hotel-bookings", folder, HOTEL_BOOKINGS_SOURCE_BOOKINGS=str(BOOKINGS))


def _went_round(example: Example) -> None:
    """Every step of every round ran, and each round's documents say what was decided."""
    assert {one["status"] for one in example.read("loop.json")["steps"]} == {"ran"}
    rounds = sorted((example.state / "rounds").glob("[0-9]*Z"))
    assert rounds
    for place in rounds:
        for document in ("traffic", "watch", "retrain", "comparison", "follow"):
            assert (place / f"{document}.json").is_file(), (place.name, document)
        compared = json.loads((place / "comparison.json").read_text(encoding="utf-8"))
        assert compared["decision"] in ("promoted", "refused", "not needed")
        assert compared["reasons"] or compared["decision"] == "not needed"
        follow = json.loads((place / "follow.json").read_text(encoding="utf-8"))
        assert follow["failed"] == 0
        traffic = json.loads((place / "traffic.json").read_text(encoding="utf-8"))
        assert traffic["rows"] > 0
        assert traffic["failed"] == 0
    assert (example.state / "report.html").stat().st_size > 20_000
    assert processes(example.folder) == {}


def test_a_regression_goes_round(weather: Example) -> None:
    evaluation = weather.read("training/evaluation.json")
    rmse = evaluation["model"]["test"]["rmse"]
    assert rmse <= weather.spec["model"]["acceptance"]["maximum"]
    assert rmse < evaluation["baseline"]["test"]["rmse"]
    assert "temperature: " in weather.output
    _went_round(weather)


@pytest.mark.skipif(not CAN_BE_ALONE, reason="optional: only root can take the network away")
def test_it_needs_no_network(weather: Example) -> None:
    reach = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    tried = subprocess.run(
        [*WITHOUT_NETWORK, sys.executable, "-c", reach], capture_output=True, text=True, check=False
    )
    assert "unreachable" in tried.stderr
    assert {one["status"] for one in weather.read("loop.json")["steps"]} == {"ran"}


def test_one_impossible_wind_is_set_aside(weather: Example) -> None:
    counts = weather.read("validated/ingest.json")["sources"]["observations"]
    assert counts["quarantined"] == {"wind_speed: above 250": 1}


def test_bookings_go_round(hotels: Example) -> None:
    evaluation = hotels.read("training/evaluation.json")
    assert evaluation["model"]["test"]["roc_auc"] >= hotels.spec["model"]["acceptance"]["minimum"]
    assert "probability of comes_to_nothing" in hotels.output
    _went_round(hotels)


def test_no_model_knows_what_came_of_a_booking(hotels: Example) -> None:
    """A ranking this good a week ahead would be a leak: the published ones have 0.9 and more."""
    evaluation = hotels.read("training/evaluation.json")
    assert evaluation["model"]["test"]["roc_auc"] < 0.8
    assert max(evaluation["importance"].values()) < 0.2
    excluded = hotels.read("features/features.json")["excluded"]
    assert excluded["outside_the_extract"] > 0
