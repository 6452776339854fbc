"""Every file has a size that fits a head, a form and a place."""

import re
from pathlib import Path

import yaml

from words import CHECKOUT, STACKS, text, tracked

LONGEST = 400
LONGEST_TEST = 500
GENERATED = (
    "examples/",
    "tests/kubernetes/programs/",
    "uv.lock",
    "templates/pins.yaml",
    "templates/catalog/",
    "LICENSE",
)
FOLDERS = {".ci", "benchmarks", "docs", "examples", "generator", "stacks", "templates", "tests"}
ROOT_FILES = {
    ".gitignore", ".pre-commit-config.yaml", ".python-version", "CHANGELOG.md", "CONTRIBUTING.md",
    "LICENSE", "Makefile", "README.md", "SECURITY.md", "copier.yml", "pyproject.toml", "uv.lock",
}  # fmt: skip
VERSION = re.compile(r"[\w\]]==\d+\.\d+")  # no spaces: a requirement, not a comparison


def test_nothing_else_stands_at_the_top() -> None:
    assert {name.partition("/")[0] for name in tracked()} <= FOLDERS | ROOT_FILES


def test_no_file_is_too_long() -> None:
    long = [
        f"{name}: {lines} lines"
        for name in tracked()
        if not name.startswith(GENERATED)
        and (lines := text(CHECKOUT, name).count("\n"))
        > (LONGEST_TEST if "test_" in name else LONGEST)
        and not name.endswith(("product.yaml", ".schema.json", ".svg"))
    ]
    assert not long, "\n".join(long)


def test_every_scaffold_file_is_rendered() -> None:
    verbatim = [
        name
        for name in tracked()
        if name.startswith(str(STACKS)) and "/scaffold/" in name and not name.endswith(".jinja")
    ]
    assert not verbatim


def test_every_technology_has_a_page_with_its_licence_and_status() -> None:
    lacking = []
    for path in sorted((CHECKOUT / STACKS).glob("*/*/technology.yaml")):
        described = yaml.safe_load(path.read_text(encoding="utf-8"))
        page = path.parent / "README.md"
        content = page.read_text(encoding="utf-8").lower() if page.is_file() else ""
        for word in (described["licence"], described["status"]):
            if word.lower() not in content:
                lacking.append(f"{page.relative_to(CHECKOUT)}: does not say {word}")
    assert not lacking, "\n".join(lacking)


def test_exact_versions_stand_in_the_pins_only() -> None:
    places = [
        f"{name}: {found.group(0)}"
        for name in tracked()
        if name.startswith(("templates/", "stacks/", "generator/"))
        and name.endswith((".jinja", ".toml", ".yaml", ".yml"))
        and not name.startswith(GENERATED)
        and not name.endswith("/pins.yaml")
        and (found := VERSION.search(text(CHECKOUT, name)))
    ]
    assert not places, "\n".join(places)


def test_every_decision_has_its_parts() -> None:
    records = sorted((CHECKOUT / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [path.name[:4] for path in records]
    assert numbers == [f"{at:04}" for at in range(1, len(records) + 1)]
    for path in records:
        content = path.read_text(encoding="utf-8")
        for part in ("## Context", "## Decision", "## Consequences"):
            assert part in content, f"{path.name} has no {part}"
        assert content.count("\n") < 80, f"{path.name} is longer than a page"


def test_no_folder_is_empty_of_purpose() -> None:
    """A Python file without a line of code is a package's __init__ or nothing."""
    empty = [
        name
        for name in tracked()
        if name.endswith((".py", ".py.jinja"))
        and not text(CHECKOUT, name).strip()
        and Path(name).name.split(".")[0] != "__init__"
    ]
    assert not empty
