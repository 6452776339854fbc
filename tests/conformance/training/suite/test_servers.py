"""What a compute on a cluster does when the cluster is away."""

import time
from dataclasses import replace
from typing import Any

import pytest
from conftest import compute, faults


def test_a_cluster_that_is_away_is_one_line(settings: Any) -> None:
    away = replace(settings, extra={**settings.extra, "compute_address": "127.0.0.1:9"})
    line = r"^the cluster at 127.0.0.1:9 cannot be used .*; see that it runs .*\Z"
    kept = set((settings.state / "compute").glob("*"))
    began = time.monotonic()
    with pytest.raises(faults.Fault, match=line), compute.session(away):
        pass
    assert time.monotonic() - began < 60  # Ray by itself goes on asking for ten minutes
    assert set((settings.state / "compute").iterdir()) == kept
