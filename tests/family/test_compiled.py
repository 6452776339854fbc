"""What was compiled before is used again, and what is wrong with it costs nothing but time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ninefold.plan import prepare
from ninefold.render import Source, render
from ninefold.template import resolve

from rendering import CHECKOUT, EXAMPLE

Rendered = dict[str, bytes]


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Rendered]:
    """Renders one repository anew, with a cache of its own: its files and their content."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data, folder = prepare(EXAMPLE).data, tmp_path / "repository"

    def make() -> Rendered:
        shutil.rmtree(folder, ignore_errors=True)
        with Source(resolve(str(CHECKOUT))) as source:
            render(source, "monitoring", data, folder)
        files = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    return make


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "cache" / "ninefold" / "templates").iterdir())


@pytest.mark.filterwarnings("ignore")  # a checkout with uncommitted changes is rendered as it is
def test_templates_are_compiled_once(rendered: Callable[[], Rendered], tmp_path: Path) -> None:
    first = rendered()
    before = {path: path.stat().st_mtime_ns for path in kept(tmp_path)}
    assert before
    assert rendered() == first
    assert {path: path.stat().st_mtime_ns for path in kept(tmp_path)} == before


@pytest.mark.filterwarnings("ignore")
def test_what_is_damaged_or_cannot_be_kept_is_compiled_again(
    rendered: Callable[[], Rendered], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rendered()
    for number, path in enumerate(kept(tmp_path)):
        path.write_bytes(path.read_bytes()[: 40 * (number % 3)])
    assert rendered() == first
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert rendered() == first
