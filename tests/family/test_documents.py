"""What the documents tell people to type, to open and to write is there."""

import re
from pathlib import Path

import pytest
from named import STACKS, House, pages

from ninefold.spec.technologies import SLOTS

from workshop import CHECKOUT


@pytest.fixture(scope="module")
def house(family: Path) -> House:
    return House(family)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_what_a_page_names_is_there(house: House, page: Path) -> None:
    faults = list(house.faults(page))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "line",
    [
        "```\nninefold plan product.yaml --json\n```",
        "```\nuv run ninefold new product.yaml\n```",
        "```\nmake -C my-product-serving notebook\n```",
        "```\ncd x && make everything\n```",
        "```\nuv run my-product-training serve\n```",
        "Call `ninefold paint`.",
        "Call `make everything`.",
        "Call `uv run <product>-training undo`.",
        "Look at `nothing.yaml`.",
        "Look at `nowhere/`.",
        "Set `<PREFIX>_NONSENSE`.",
        "See [there](nothing.md).",
    ],
)
def test_a_planted_fault_is_found(house: House, tmp_path: Path, line: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(line + "\n")
    assert len(list(house.faults(page))) == 1


def test_what_is_there_is_no_fault(house: House, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```\nmake demo     # and\nuv run ninefold run my-product --from train\n```\n"
        "`ninefold new`, `make up`, `uv run my-product-serving predict KEY`, `train.py`, `runs/`, "
        "`<PREFIX>_STATE`, `training/dataset/dataset.json`; a person's word.\n"
    )
    assert not list(house.faults(page))


def test_the_ports_are_those_that_technologies_bring() -> None:
    """Each function of the table stands with these parameters in every port of that name."""
    page = (CHECKOUT / "docs" / "technology.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_.]+)` \| `(\w+)\.py`.*?\|(.*)\|$", page, re.MULTILINE)
    slots = {slot.path for slot in SLOTS} - {"cicd.pipelines", "cicd.delivery"}
    assert {slot for slot, _, _ in rows} == slots - {"source_repository", "training.notebooks"}
    for slot, module, functions in rows:
        component = slot.partition(".")[0]
        for name, stated in re.findall(r"`(\w+)\(([\w, ]*)\)`", functions):
            for technology, brought in ports(component, module).items():
                found = re.search(rf"^def {name}\((.*?)\) ->", brought, re.MULTILINE | re.DOTALL)
                if found is None:  # taken from a module of its own
                    assert re.search(rf"import .*\b{name}\b", brought), f"{technology}: {name}"
                    continue
                parameters = re.findall(r"(?:^|, )\*?(\w+):", " ".join(found[1].split()))
                assert ", ".join(parameters) == stated, f"{technology}: {name}"


def ports(component: str, module: str) -> dict[str, str]:
    """The text of each technology's port, whether it stands in the file or is included."""
    found = {}
    for path in (STACKS / component).glob(f"*/scaffold/*/src/__package__/{module}.py.jinja"):
        text = path.read_text(encoding="utf-8")
        included = re.fullmatch(r'\{%@ include "([^"]+)" @%\}\s*', text)
        technology = path.relative_to(STACKS / component).parts[0]
        found[technology] = (CHECKOUT / included[1]).read_text("utf-8") if included else text
    assert found, f"{component} has no {module}.py"
    return found
