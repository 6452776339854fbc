"""The loop's description: an order in which every step comes after what it needs."""

import tomllib
from pathlib import Path

import pytest

from flight_delays_product.loop import Outcome, summary_text
from flight_delays_product.pipeline import PIPELINE, LoopStep, in_roles, with_dependants

FAMILY = Path(__file__).parents[2]


def test_every_step_comes_after_what_it_needs() -> None:
    seen: set[str] = set()
    for step in PIPELINE:
        assert seen.issuperset(step.needs)
        assert step.name not in seen
        seen.add(step.name)


@pytest.mark.parametrize("step", PIPELINE, ids=lambda step: step.name)
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


def test_the_first_step_takes_all_along() -> None:
    assert with_dependants(PIPELINE, PIPELINE[0].name) == {step.name for step in PIPELINE}
    assert with_dependants(PIPELINE, PIPELINE[-1].name) == {PIPELINE[-1].name}


def test_the_summary_has_a_line_per_step() -> None:
    lines = summary_text([Outcome("one", "ran", 1.25, 2_000_000_000), Outcome("two")], 3.0)
    assert "one           ran                       1.2        2.0 GB" in lines
    assert "two           not run" in lines
