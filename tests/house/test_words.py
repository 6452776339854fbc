"""Names and words stand where they belong, and nowhere else."""

import re
from pathlib import Path

import pytest

from words import CHECKOUT, matching, named, technologies, tracked

# Spelled in pieces, so that this file does not find itself.
UNFINISHED = re.compile(
    r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b"
)
PRIVATE = re.compile(
    r"(?<![\w./-])/(?:root|home|work|Users)/[a-z.]"
    r"|\b[a-z0-9-]+\.(?:internal|corp|lan|intranet)\b"
    r"|\b(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+\b"
    r"|(?:index-url|extra-index|registry)\s*=\s*[\"']?https?://(?!pypi\.org)"
)  # fmt: skip


def test_no_technology_is_named_outside_its_folder() -> None:
    found = list(named(CHECKOUT, tracked()))
    assert not found, "\n".join(map(str, found))


def test_nothing_unfinished_is_left() -> None:
    found = list(matching(CHECKOUT, tracked(), UNFINISHED))
    assert not found, "\n".join(map(str, found))


def test_no_private_host_or_path_is_named() -> None:
    names = [name for name in tracked() if name != "uv.lock"]
    found = list(matching(CHECKOUT, names, PRIVATE))
    assert not found, "\n".join(map(str, found))


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """A small house with one technology."""
    folder = tmp_path / "stacks" / "ninefold_stacks" / "serving" / "quick-serve"
    folder.mkdir(parents=True)
    (folder / "technology.yaml").write_text("name: quick-serve\n")
    (folder / "component.py").write_text("import quick_serve\n")
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "import quick_serve",
        "from quick_serve.api import x",
        '"quick-serve>=1"',
        "Quick Serve is run",
        "quickserve()",
        "export QUICK_SERVE_HOME=x",
    ],
)
def test_a_planted_name_is_found(plant: Path, line: str) -> None:
    (plant / "templates").mkdir()
    (plant / "templates" / "step.py.jinja").write_text(f"first\n{line}\n")
    names = ["templates/step.py.jinja", "stacks/ninefold_stacks/serving/quick-serve/component.py"]
    assert [str(place) for place in named(plant, names)] == [
        "templates/step.py.jinja:2: quick-serve"
    ]


@pytest.mark.parametrize("line", ["quickly served", "aquick_server", "quick-server"])
def test_another_word_is_no_name(plant: Path, line: str) -> None:
    (plant / "copier.yml").write_text(line)
    assert not list(named(plant, ["copier.yml"]))


@pytest.mark.parametrize(
    "line",
    [
        "see /" + "root/.cache",
        "http://10" + ".0.0.7/simple",
        "mirror" + ".internal",
        "open('/" + "home/me')",
    ],
)
def test_a_planted_private_place_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "page.md").write_text(line)
    assert list(matching(tmp_path, ["page.md"], PRIVATE))


@pytest.mark.parametrize(
    ("line", "counts"), [("ends its processes", False), ("if compute == 'processes'", True)]
)
def test_a_name_that_is_a_word_counts_where_it_is_picked(
    tmp_path: Path, line: str, counts: bool
) -> None:
    folder = tmp_path / "stacks" / "ninefold_stacks" / "training" / "processes"
    folder.mkdir(parents=True)
    (folder / "technology.yaml").write_text("name: processes\n")
    (tmp_path / "copier.yml").write_text(line)
    assert bool(list(named(tmp_path, ["copier.yml"]))) == counts


def test_the_names_come_from_the_folders() -> None:
    assert len(technologies()) >= 5
