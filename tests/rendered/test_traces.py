"""A rendered repository looks written by hand: nothing of its template is left in it."""

import json
import os
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema.validators import validator_for

from rendering import ROLES, Family

DELIMITERS = re.compile(r"\{@|@\}|\{%@|@%\}|\{#@|@#\}")
TOOL = re.compile(r"\b(?:copier|ninefold|jinja)\b", re.IGNORECASE)
ANSWERS = ".copier-answers.yml"
# The answers are Copier's; the spec says which command compares it with them.
NAMED_ON_PURPOSE = {ANSWERS, "product.yaml", "ninefold.lock"}
# In the family's home it is a tool for the family as a whole, and stands where it is called.
TOOL_OF_THE_FAMILY = {"Makefile", "README.md", "propose.py", "test_propose.py"}


def rendered(repository: Path) -> list[Path]:
    """Files and folders, without what its verbs have made: other tests use the same folder."""
    ignored = {".git", ".venv", "__pycache__", "build"}
    return [
        path
        for path in sorted(repository.rglob("*"))
        if not ignored & set(parts := path.relative_to(repository).parts)
        and not any(part.endswith("_cache") for part in parts)
    ]


def files(repository: Path) -> list[Path]:
    """What was rendered."""
    return [path for path in rendered(repository) if path.is_file() and path.name != "uv.lock"]


@pytest.fixture(params=ROLES)
def repository(request: pytest.FixtureRequest, family: Family) -> Path:
    return family.repository(request.param)


def test_no_delimiter_is_left(repository: Path) -> None:
    found = [
        str(path.relative_to(repository))
        for path in files(repository)
        if DELIMITERS.search(path.read_text(encoding="utf-8")) or DELIMITERS.search(path.name)
    ]
    assert not found


def test_the_generator_is_not_named(repository: Path) -> None:
    if repository.name.endswith("-platform"):
        pytest.skip("optional: the platform's programs stand on the stacks and say so")
    found = []
    for path in files(repository):
        if path.name in NAMED_ON_PURPOSE or path.name == "pyproject.toml":
            continue  # the pins in pyproject.toml are those of the whole family
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            said = line.replace(ANSWERS, "")
            if repository.name.endswith("-product") and path.name in TOOL_OF_THE_FAMILY:
                said = re.sub("ninefold", "", said, flags=re.IGNORECASE)
            if (word := TOOL.search(said)) and not _as_library(path, line):
                found.append(f"{path.relative_to(repository)}:{number}: {word.group(0)}")
    assert not found, "\n".join(found)


def _as_library(path: Path, line: str) -> bool:
    """A program may use Jinja as its library; that is no trace of how it came about."""
    return path.suffix == ".py" and "jinja2" in line.lower()


def test_no_folder_and_no_file_is_empty(repository: Path) -> None:
    allowed = {"py.typed", "__init__.py"}
    empty = [
        str(path.relative_to(repository))
        for path in files(repository)
        if not path.read_bytes().strip() and path.name not in allowed
    ]
    assert not empty
    kept = {parent for path in files(repository) for parent in path.parents}
    made = {path for path in rendered(repository) if path.is_dir()}
    assert not made - kept


def test_text_ends_in_one_newline_and_no_line_in_spaces(repository: Path) -> None:
    bad = []
    for path in files(repository):
        content = path.read_text(encoding="utf-8")
        if not content:
            continue
        whole = path.name == ANSWERS or path.suffix == ".json"  # written from data in one piece
        if not content.endswith("\n") or (content.endswith("\n\n") and not whole):
            bad.append(f"{path.relative_to(repository)}: its end")
        if path.name != ANSWERS and re.search(r"[ \t]+$", content, re.MULTILINE):
            bad.append(f"{path.relative_to(repository)}: spaces at the end of a line")
        if path.suffix in {".yaml", ".yml", ".toml", ".md", ".py"} and "\n\n\n\n" in content:
            bad.append(f"{path.relative_to(repository)}: many empty lines")
    assert not bad, "\n".join(bad)


def test_nothing_pretends_to_be_a_program(repository: Path) -> None:
    """What passes a socket loses the executable bit, so nothing may count on it."""
    executable = [path for path in files(repository) if os.access(path, os.X_OK)]
    assert not executable


def test_the_project_says_what_it_is(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == repository.name
    assert project["tool"]["uv"]["constraint-dependencies"]
    stated = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    assert not [one for one in stated if "==" in one.partition(";")[0]]


def test_the_readme_is_a_runbook(repository: Path) -> None:
    content = (repository / "README.md").read_text(encoding="utf-8")
    assert content.startswith("# ")
    assert content.count("\n") >= 20
    assert len(re.findall(r"\bmake [a-z]+", content)) >= 3, "it names no verbs"
    broken = [
        target
        for target in re.findall(r"\]\(([^)#]+)\)", content)
        if "://" not in target
        and not target.startswith("..")
        and not (repository / target).exists()
    ]
    assert not broken


def test_owners_are_those_of_the_spec(repository: Path, family: Family) -> None:
    content = (repository / ".github" / "CODEOWNERS").read_text(encoding="utf-8")
    rules = [line.split() for line in content.splitlines() if line and not line.startswith("#")]
    assert rules
    assert rules[0][0] == "*"
    assert all(word.startswith("@flight-delays/") for word in rules[0][1:])


def test_contracts_are_schemas(repository: Path) -> None:
    schemas = sorted((repository / "contracts").glob("*.schema.json"))
    if not schemas:
        assert repository.name.endswith("-platform")
    for path in schemas:
        schema = json.loads(path.read_text(encoding="utf-8"))
        assert schema["$schema"].startswith("https://json-schema.org/")
        validator_for(schema).check_schema(schema)


def test_the_run_record_is_the_same_everywhere(family: Family) -> None:
    found = {
        role: path.read_bytes()
        for role in ROLES
        for path in (family.repository(role) / "src").glob("*/run_record.py")
    }
    assert len(found) >= 5
    assert len(set(found.values())) == 1
