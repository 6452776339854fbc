"""The families of all choices, and one environment for each role's repositories."""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml
from pairs import Choice, choices, spec_with

from ninefold.catalog import load

from rendering import CACHE, ROLES, Family, call, digest, ninefold

# What differs from family to family because it names the choice, not because it follows from it.
NAMING = (".copier-answers.yml",)
FOREIGN = (".git", ".venv", "uv.lock")


@dataclass(frozen=True)
class Variant:
    """A repository that at least one of the families has, and no other one like it."""

    role: str
    folder: Path
    family: int


@pytest.fixture(scope="session")
def chosen() -> list[Choice]:
    return choices()


@pytest.fixture(scope="session")
def families(chosen: list[Choice]) -> list[Family]:
    """One family for each choice, rendered once per state of the checkout."""
    home = CACHE / digest() / "swaps"
    home.mkdir(parents=True, exist_ok=True)
    found = []
    for number, choice in enumerate(chosen):
        spec = home / f"{number}.yaml"
        spec.write_text(yaml.safe_dump(spec_with(choice), sort_keys=False), "utf-8")
        if not (home / str(number)).is_dir():
            ninefold("new", spec, "--into", home / str(number))
        found.append(Family(home / str(number), "flight-delays"))
    return found


@pytest.fixture(scope="session")
def variants(families: list[Family]) -> dict[str, list[Variant]]:
    """The distinct repositories of each role."""
    found: dict[str, dict[str, Variant]] = {role: {} for role in ROLES}
    for number, family in enumerate(families):
        for role in ROLES:
            folder = family.repository(role)
            found[role].setdefault(_content(folder, role), Variant(role, folder, number))
    return {role: list(by_content.values()) for role, by_content in found.items()}


def _content(repository: Path, role: str) -> str:
    """What makes it another repository; its pipeline does not: no code knows of it.

    Each dialect is linted and tested in tests/rendered.
    """
    sha = hashlib.sha256()
    for path in _files(repository):
        if path.relative_to(repository).as_posix() in _pipelines(role):
            continue
        sha.update(f"{path.relative_to(repository)}\0".encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


@cache
def _pipelines(role: str) -> frozenset[str]:
    """The files that pipelines bring, whatever their dialect."""
    filling = load().filling("cicd", "pipelines")
    return frozenset(file.path for each in filling for file in each.files(role, "pipelines"))


def _files(repository: Path) -> Iterator[Path]:
    for path in sorted(repository.rglob("*")):
        parts = path.relative_to(repository).parts
        if path.is_file() and parts[0] not in FOREIGN and parts[-1] not in NAMING:
            yield path


def environment(role: str, variants: list[Variant], home: Path) -> Path:
    """One environment with what all variants of a role depend on, from the one resolution."""
    documents = [tomllib.loads((one.folder / "pyproject.toml").read_text()) for one in variants]
    wanted = sorted({each for one in documents for each in one["project"]["dependencies"]})
    tools = sorted({each for one in documents for each in one["dependency-groups"]["dev"]})
    settings = [one["tool"]["uv"] for one in documents]
    resolution = {name: settings[0][name] for name in ("environments", "constraint-dependencies")}
    assert all(one.items() >= resolution.items() for one in settings)
    left_out = {each for one in settings for each in one.get("override-dependencies", ())}
    resolution["override-dependencies"] = sorted(left_out)
    folder = home / f"environment-{role}"
    folder.mkdir(exist_ok=True)
    lines = [
        "[project]",
        f'name = "{role}-of-all-choices"',
        'version = "0"',
        f'requires-python = "{documents[0]["project"]["requires-python"]}"',
        f"dependencies = {[*wanted, *tools]!r}",
        "[tool.uv]",
        *(f"{name} = {value!r}" for name, value in resolution.items()),
    ]
    (folder / "pyproject.toml").write_text("\n".join(lines) + "\n", "utf-8")
    call("uv", "sync", "--quiet", at=folder)
    return folder / ".venv"
