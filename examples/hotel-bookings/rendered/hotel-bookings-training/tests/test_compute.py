"""The workers of this machine: points by seed, what is lost, what is raised."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hotel_bookings_training import compute
from hotel_bookings_training.faults import Fault
from hotel_bookings_training.plan import SPACE
from hotel_bookings_training.settings import load_settings


def test_more_trials_go_on_where_fewer_ended() -> None:
    few, many = compute.points(SPACE, 3, 1), compute.points(SPACE, 40, 1)
    assert many[:3] == few
    assert compute.points(SPACE, 3, 2) != few
    for name, limits in SPACE.items():
        values = [point[name] for point in many]
        assert limits.minimum <= min(values) < max(values) <= limits.maximum


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    mark = tmp_path / "killed"

    def objective(point: Mapping[str, Any]) -> float:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(next(iter(point.values())))

    found = compute.search(load_settings(), SPACE, objective, trials=3, seed=1)
    assert [trial.error for trial in found.trials] == [None] * 3


def test_a_lost_fit_says_so() -> None:
    with pytest.raises(Fault, match=r"lost \(signal 9\)"):
        compute.fit(load_settings(), os.kill, 0, signal.SIGKILL)
