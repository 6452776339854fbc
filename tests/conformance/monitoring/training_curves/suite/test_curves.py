"""What every technology for training curves writes, and what is left of a run that was killed."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PACKAGE, PARAMETERS, curves, expected, points, read, values, write
from tensorboard.plugins.hparams import plugin_data_pb2

TRAINING = """
import importlib, pathlib, sys, time
curves = importlib.import_module(f"{sys.argv[1]}.curves")
with curves.fit(pathlib.Path(sys.argv[2]), "loss") as tell:
    for number in range(1, 1000):
        tell(number, {"train": float(number)})
        print(number, flush=True)
        time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write(folder)
    return folder


@pytest.mark.parametrize("window", ["train", "validation"])
def test_each_window_is_a_curve_with_every_round(run: Path, window: str) -> None:
    assert points(run / "final" / window, "loss") == expected(window)


def test_a_trial_has_its_parameters_and_its_value(run: Path) -> None:
    assert parameters(run / "trial-a") == PARAMETERS
    assert points(run / "trial-a", "auc") == [(0, 0.75)]


def test_a_failed_trial_has_its_parameters_and_no_value(run: Path) -> None:
    assert parameters(run / "trial-b") == {**PARAMETERS, "max_depth": 7}
    assert read(run / "trial-b").Tags()["scalars"] == []


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    with curves.fit(one, "loss") as first, curves.fit(other, "loss") as second:
        for number in range(5):
            first(number, {"train": 1.0})
            second(number + 100, {"train": 2.0})
    assert points(one / "train", "loss") == [(number, 1.0) for number in range(5)]
    assert points(other / "train", "loss") == [(number + 100, 2.0) for number in range(5)]


def test_a_round_can_be_read_when_it_was_told(tmp_path: Path) -> None:
    with curves.fit(tmp_path, "loss") as tell:
        for number in range(1, 4):
            tell(number, values(number))
            assert points(tmp_path / "train", "loss") == expected("train", range(1, number + 1))


def test_a_killed_fit_leaves_what_it_told(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, PACKAGE, str(tmp_path)],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(20)]
    process.kill()
    process.communicate()
    left = points(tmp_path / "train", "loss")
    assert left[: len(told)] == [(number, float(number)) for number in told]
    # Whoever trains next begins a folder of its own; the one that was cut off stays readable.
    write(tmp_path / "next")
    assert points(tmp_path / "train", "loss") == left


def test_telling_takes_no_time_worth_mentioning(tmp_path: Path) -> None:
    start = time.perf_counter()
    with curves.fit(tmp_path, "loss") as tell:
        for number in range(200):
            tell(number, {"train": 1.0, "validation": 1.0})
    assert time.perf_counter() - start < 4


def parameters(folder: Path) -> dict[str, Any]:
    """The parameters of a trial, as the dashboard for them reads them."""
    found = read(folder).PluginTagToContent("hparams")["_hparams_/session_start_info"]
    started = plugin_data_pb2.HParamsPluginData.FromString(found).session_start_info
    return {
        name: getattr(value, str(value.WhichOneof("kind")))
        for name, value in started.hparams.items()
    }
