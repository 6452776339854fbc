"""Runs that write curves, inside a training repository's environment, and a reader of theirs."""

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

PACKAGE = os.environ.get("CONFORMANCE_PACKAGE", "flight_delays_training")
curves = importlib.import_module(f"{PACKAGE}.curves")

ROUNDS = range(1, 31)
PARAMETERS = {"max_depth": 5, "learning_rate": 0.125, "booster": "gbtree"}


def values(number: int) -> dict[str, float]:
    """What a fit reaches in a round: still better on what it learns from, no more on the other."""
    return {"train": 0.5 / number, "validation": 0.25 + abs(number - 10) / 64}


def write(folder: Path) -> None:
    """One run: a trial that succeeded, one that failed, and a fit."""
    curves.trial(folder / "trial-a", PARAMETERS, {"auc": 0.75})
    curves.trial(folder / "trial-b", {**PARAMETERS, "max_depth": 7}, {})
    with curves.fit(folder / "final", "loss") as tell:
        for number in ROUNDS:
            tell(number, values(number))


def read(folder: Path) -> EventAccumulator:
    """What TensorBoard reads in a folder."""
    return EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()


def points(folder: Path, tag: str) -> list[tuple[int, float]]:
    """A curve, as TensorBoard reads it."""
    return [(event.step, event.value) for event in read(folder).Scalars(tag)]


def expected(window: str, numbers: Any = ROUNDS) -> list[tuple[int, float]]:
    """A curve, as it was told; event files keep four bytes of each value."""
    import numpy as np

    told: Mapping[int, dict[str, float]] = {number: values(number) for number in numbers}
    return [(number, float(np.float32(value[window]))) for number, value in told.items()]
