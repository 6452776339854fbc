"""Tables with and without a planted shift, inside a monitoring repository's environment."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

PACKAGE = os.environ.get("CONFORMANCE_PACKAGE", "flight_delays_monitoring")
drift = importlib.import_module(f"{PACKAGE}.drift")
settings_module = importlib.import_module(f"{PACKAGE}.settings")

KINDS = {"delay": "number", "fare": "number", "carrier": "category", "dest": "category"}
Measure = Callable[..., dict[str, float]]


def table(rows: int = 3000, seed: int = 0, *, shift: float = 0.0, share: float = 0.4) -> Any:
    """Numbers of two scales, categories few and many; a shift in standard deviations."""
    generator = np.random.default_rng(seed)
    many = [f"D{number:02}" for number in range(40)]
    return pd.DataFrame(
        {
            "delay": generator.normal(5 + 3 * shift, 3, rows),
            "fare": generator.normal(2000 + 900 * shift, 900, rows),
            "carrier": generator.choice(["UA", "B6", "AA"], rows, p=[share, 0.9 - share, 0.1]),
            "dest": generator.choice(many, rows),
            "note": ["not measured"] * rows,
        }
    )


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """The port under test."""
    settings = settings_module.Settings(
        environment="dev", target="local", state=tmp_path, replayed=None, sources={}, extra={}
    )

    def call(reference: Any, current: Any, kinds: Any = None) -> dict[str, float]:
        found: dict[str, float] = drift.distances(settings, reference, current, kinds or KINDS)
        return found

    return call
