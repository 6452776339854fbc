"""A template repository, and families rendered from it."""

import subprocess
from pathlib import Path

import pytest

from workshop import EXAMPLE, Workshop, copy_checkout, cut_down, load, save


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout, committed in a repository of its own."""
    folder = tmp_path_factory.mktemp("origin") / "ninefold"
    copy_checkout(folder)
    return committed(folder)


@pytest.fixture(scope="session")
def small_origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a handful of files for each role."""
    folder = tmp_path_factory.mktemp("small") / "ninefold"
    copy_checkout(folder)
    cut_down(folder)
    return committed(folder)


def committed(folder: Path) -> Path:
    workshop = Workshop(folder.parent, folder)
    workshop.git(folder, "init", "--quiet", "--initial-branch=main")
    workshop.commit(folder, "Template")
    return folder


@pytest.fixture
def workshop(origin: Path, tmp_path: Path) -> Workshop:
    """Commands that render from the unchanged template."""
    return Workshop(tmp_path, origin)


@pytest.fixture
def small(small_origin: Path, tmp_path: Path) -> Workshop:
    """The same, from the small template."""
    return Workshop(tmp_path, small_origin)


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Workshop:
    """Commands that render from a template that the test may change."""
    return cloned(origin, tmp_path)


@pytest.fixture
def small_clone(small_origin: Path, tmp_path: Path) -> Workshop:
    """The same, from the small template."""
    return cloned(small_origin, tmp_path)


def cloned(origin: Path, folder: Path) -> Workshop:
    subprocess.run(["git", "clone", "--quiet", origin, folder / "template"], check=True)
    return Workshop(folder, folder / "template")


@pytest.fixture(scope="session")
def family(origin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's family; tests only read it."""
    folder = tmp_path_factory.mktemp("family")
    printed = Workshop(folder, origin).new("--into", folder / "flights")
    (folder / "printed.txt").write_text(printed)
    return folder / "flights"


@pytest.fixture(scope="session")
def small_family(small_origin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's family from the small template; tests only read it."""
    folder = tmp_path_factory.mktemp("small-family")
    Workshop(folder, small_origin).new("--into", folder / "flights")
    return folder / "flights"


@pytest.fixture(scope="session")
def other_spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec that differs from the example, which is every question's default, in each part."""
    spec = load(EXAMPLE)
    spec["product"] |= {"name": "late-trains", "title": "Late trains", "value": "Other plans"}
    spec["owners"]["data-scientist"] = "@late-trains/science"
    spec["technologies"]["training"]["notebooks"] = "none"
    spec["environments"]["dev"]["clock"] = "2013-10-02T12:00:00Z"
    spec["sources"]["planes"]["description"] = "Aircraft by tail number"
    spec["prediction"]["lead_time"] = "3h"
    spec["label"]["description"] = "Late by a quarter of an hour"
    spec["features"]["weather"]["ttl"] = "5h"
    spec["model"]["seed"] = 7
    spec["serving"]["port"] = 3100
    spec["monitoring"]["window"] = "21d"
    return save(spec, tmp_path_factory.mktemp("spec") / "product.yaml")
