"""Families with other technologies go round too: two of the covering choices, by the commit."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import Loop
from pairs import Choice, choices, label, spec_with
from turns import marks

from rendering import Family, call, ninefold
from sliced import small

FAMILIES = 2


def by_turns() -> list[pytest.ParameterSet]:
    """Other choices at another commit, so that all of them come round."""
    every = choices()
    return [
        pytest.param(choice, id=label(choice), marks=marks(at, len(every), FAMILIES))
        for at, choice in enumerate(every)
    ]


@pytest.fixture
def make(loop: Loop, tmp_path: Path) -> Callable[[Choice], Loop]:
    """A family with these technologies, on the slice of flights that the example has too."""

    def made(choice: Choice) -> Loop:
        document = small(spec_with(choice))
        # One round says that the loop goes round.
        document["environments"]["dev"]["replay"]["until"] = "2013-03-02T12:00:00Z"
        spec = tmp_path / "product.yaml"
        spec.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        ninefold("new", spec, "--into", tmp_path / "family")
        family = Family(tmp_path / "family", "flight-delays")
        return Loop(family, loop.home, loop.variables, loop.flights)

    return made


@pytest.mark.parametrize("choice", by_turns())
def test_a_family_with_other_technologies_goes_round(
    choice: Choice, make: Callable[[Choice], Loop]
) -> None:
    swapped = make(choice)
    ended = swapped.run(_beside_its_beds(swapped))
    assert ended.code == 0, ended.output
    assert set(ended.steps.values()) == {"ran"}, ended.output
    assert "probability of late" in ended.output
    assert swapped.read("serving/probe.json")["equal"]
    comparison = next(swapped.state.glob("rounds/*/comparison.json"))
    assert '"decision"' in comparison.read_text("utf-8")
    assert (swapped.state / "report.html").is_file()
    again = swapped.run(_beside_its_beds(swapped)) if not _beds(swapped) else ended
    assert again.code == 0, again.output
    assert again is ended or "ran" not in again.steps.values(), again.output
    swapped.wait_until_none_is_left()


def _beside_its_beds(loop: Loop) -> tuple[str, ...]:
    """The verb of the product, with the servers beside it that its technologies are tested with."""
    command: tuple[str, ...] = ("make", "-C", str(loop.place), "run")
    for bed in _beds(loop):
        repository = bed.parents[1]
        call("make", "setup", at=repository)
        start = ("uv", "run", "--frozen", "--directory", str(repository))
        command = (*start, "python", "-m", f"tests.{bed.stem}", *command)
    return command


def _beds(loop: Loop) -> list[Path]:
    return sorted(loop.family.folder.glob("*/tests/bed_*.py"))
