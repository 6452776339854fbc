"""Any legal spec renders to code that compiles, and that ruff neither changes nor objects to."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from files import changes, unread

from ninefold.spec import load

from rendering import ROLES
from variants import drawn, heating, render


def hold(spec: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Render a spec and judge what came out."""
    path = folder / "product.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), encoding="utf-8")
    load(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a checkout with uncommitted changes is rendered as it is
        repositories = render(spec, folder)
    objections = [said for one in repositories.values() for said in (*changes(one), *unread(one))]
    assert not objections, "\n".join(objections)
    return repositories


def test_a_second_product(tmp_path: Path) -> None:
    repositories = hold(heating(), tmp_path)
    assert set(repositories) == set(ROLES)
    words = ("flight", "carrier", "airport")
    found = [
        f"{file}: {word}"
        for repository in repositories.values()
        for file in repository.rglob("*")
        if file.is_file() and file.suffix in {".py", ".md", ".json", ".yaml", ".yml"}
        for word in words
        if word in file.read_text(encoding="utf-8").lower()
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("seed", range(2))
def test_drawn_specs(seed: int, tmp_path: Path) -> None:
    hold(drawn(seed), tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 102))
def test_many_drawn_specs(seed: int, tmp_path: Path) -> None:
    hold(drawn(seed), tmp_path)
