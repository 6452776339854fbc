"""Charter and decisions say what the code is made from: people have agreed on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SPEC: dict[str, Any] = yaml.safe_load((ROOT / ".copier-answers.yml").read_text("utf-8"))


def squeezed(text: str) -> str:
    """Without the blanks and line ends that wrapping moves about."""
    return "".join(text.split())


def page(name: str) -> str:
    return squeezed((ROOT / "docs" / name).read_text("utf-8"))


def words(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, dict):
        for one in value.values():
            yield from words(one)
    else:
        yield str(value)


def test_the_charter_says_problem_value_and_acceptance() -> None:
    charter = page("charter.md")
    product, acceptance = SPEC["product"], SPEC["model"]["acceptance"]
    for text in (product["problem"], product["value"], *words(acceptance)):
        assert squeezed(text) in charter


def test_the_charter_says_what_is_labelled_and_left_out_and_from_which_sources() -> None:
    charter = page("charter.md")
    label = SPEC["label"]
    for text in (label["name"], label["expression"], label["known_at"]):
        assert squeezed(f"`{text}`") in charter
    for name, condition in label.get("exclude", {}).items():
        assert squeezed(f"| {name} | `{condition}` |") in charter
    for name in SPEC["sources"]:
        assert squeezed(f"| {name} |") in charter


def test_the_charter_names_the_owner_of_every_role() -> None:
    charter = page("charter.md")
    for role, owner in SPEC["owners"].items():
        assert squeezed(f"| {role.replace('-', ' ')} | {owner} |") in charter


def test_every_choice_of_a_technology_is_recorded() -> None:
    record = page("decisions/0001-technologies.md")
    for component, choice in SPEC["technologies"].items():
        assert squeezed(f"| {component.replace('_', ' ')} |") in record
        assert all(name in record for name in words(choice))
