"""Toy steps for the suite: it runs inside a product repository's environment."""

import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest

PACKAGE = os.environ.get("CONFORMANCE_PACKAGE", "flight_delays_product")
orchestration = importlib.import_module(f"{PACKAGE}.orchestration")
pipeline = importlib.import_module(f"{PACKAGE}.pipeline")
rounds_module = importlib.import_module(f"{PACKAGE}.rounds")
settings_module = importlib.import_module(f"{PACKAGE}.settings")

ROUNDS = tuple(
    rounds_module.parse(interval)
    for interval in (
        "2013-11-01T12:00:00Z/2013-12-02T12:00:00Z",
        "2013-12-02T12:00:00Z/2014-01-01T12:00:00Z",
    )
)


def toy(name: str, *needs: str, retries: int = 0) -> Any:
    """A step that exists for the suite only."""
    return pipeline.LoopStep(
        name=name, role="toy", repository="toy", needs=needs, retries=retries, summary=name
    )


class Calls:
    """A command that notes who was called, and fails as often as a step is meant to."""

    def __init__(self, failures: dict[str, int] | None = None) -> None:
        self.names: list[str] = []
        self._failures = dict(failures or {})

    def __call__(self, step: Any) -> bool:
        self.names.append(step.name)
        left = self._failures.get(step.name, 0)
        self._failures[step.name] = left - 1
        return left <= 0


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Settings with a state folder, in which one run follows the other as they do in a loop."""
    return settings_module.Settings(
        environment="dev",
        target="local",
        state=tmp_path_factory.mktemp("state"),
        replayed=None,
        sources={},
        extra={},
    )


@pytest.fixture
def run(settings: Any) -> Callable[[Sequence[Any], Callable[[Any], bool]], None]:
    """The port under test."""

    def call(steps: Sequence[Any], command: Callable[[Any], bool]) -> None:
        orchestration.run(settings, steps, command)

    return call
