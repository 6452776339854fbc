"""The loop's description: an order in which every step comes after what it needs."""

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from airport_weather_product.loop import Outcome, summary_text
from airport_weather_product.pipeline import (
    PIPELINE,
    ROUND,
    LoopStep,
    in_roles,
    with_dependants,
    with_rounds,
)
from airport_weather_product.rounds import Round

FAMILY = Path(__file__).parents[2]
DAYS = [datetime(2026, 1, day, 12, tzinfo=UTC) for day in (1, 2, 3)]
ROUNDS = [Round(start, end) for start, end in pairwise(DAYS)]


@pytest.mark.parametrize("steps", [PIPELINE, ROUND, with_rounds(ROUNDS)])
def test_every_step_comes_after_what_it_needs(steps: Sequence[LoopStep]) -> None:
    seen: set[str] = set()
    for step in steps:
        assert seen.issuperset(step.needs)
        assert step.name not in seen
        seen.add(step.name)


@pytest.mark.parametrize("step", (*PIPELINE, *ROUND), ids=lambda step: step.name)
def test_its_repository_has_the_command(step: LoopStep) -> None:
    folder = FAMILY / step.repository
    if not folder.is_dir():
        pytest.skip(f"{step.repository} is not beside this repository")
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    assert step.repository in project["project"]["scripts"]
    (source,) = folder.glob("src/*/steps.py")
    assert f'name="{step.name}"' in source.read_text("utf-8")


def test_absent_roles_are_bridged() -> None:
    roles = {step.role for step in PIPELINE} - {"training"}
    left = in_roles(PIPELINE, roles)
    names = {step.name for step in left}
    assert names == {step.name for step in PIPELINE if step.role != "training"}
    assert all(names.issuperset(step.needs) for step in left)


def test_rounds_follow_the_pipeline_and_each_other() -> None:
    steps = with_rounds(ROUNDS)
    names = [step.name for step in steps]
    assert names[: len(PIPELINE) - 1] == [step.name for step in PIPELINE if step.name != "report"]
    # The report is written once, when all is known.
    assert [name for name in names if name.startswith("report")] == ["report@2"]
    second = next(step for step in steps if step.name == "traffic@2")
    assert second.needs == ("follow@1",)
    assert second.command[1:] == ("traffic", "--round", "2026-01-02T12:00:00Z/2026-01-03T12:00:00Z")
    assert second.record == "runs/traffic/20260103T1200Z/latest.json"
    assert "watch@1" not in with_dependants(steps, "traffic@2")
    assert {"follow@2", "report@2"} <= with_dependants(steps, "watch@1")
    assert with_rounds([]) == PIPELINE


def test_the_first_step_takes_all_along() -> None:
    assert with_dependants(PIPELINE, PIPELINE[0].name) == {step.name for step in PIPELINE}
    assert with_dependants(PIPELINE, PIPELINE[-1].name) == {PIPELINE[-1].name}


def test_the_summary_has_a_line_per_step() -> None:
    lines = summary_text([Outcome("one", "ran", 1.25, 2_000_000_000), Outcome("two")], 3.0)
    assert "one           ran                       1.2        2.0 GB" in lines
    assert "two           not run" in lines
