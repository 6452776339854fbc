"""New environments are compiled beside the first steps, and nothing waits for it."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from hotel_bookings_product.children import MARKER, Children
from hotel_bookings_product.stragglers import marked
from hotel_bookings_product.warmup import IMPORTS, Warmup

NAME = f"w{os.getpid()}"
PREPARES = """
def prepare(settings):
    with open("prepared", "w") as file:
        file.write(settings)
"""


def written(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def test_all_that_a_package_may_import_is_compiled(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "toy/__init__.py": "",
            "toy/__main__.py": "raise AssertionError('this would run it')\n",
            "toy/broken.py": "import no_such_module\n",
            "toy/exits.py": "raise SystemExit(2)\n",
            "toy/settings.py": "def load_settings():\n    return 'quiet'\n",
            "toy/environment.py": "def apply(settings):\n    assert settings == 'quiet'\n",
            "toy/works.py": PREPARES,
            "toy-1.dist-info/METADATA": "Name: toy\nVersion: 1\nRequires-Dist: Some_Library>=2\n",
            "library/__init__.py": "",
            "some_library-2.dist-info/METADATA": "Name: some-library\nVersion: 2\n",
            "some_library-2.dist-info/top_level.txt": "library\n",
        },
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    words = [sys.executable, str(IMPORTS), "toy"]
    subprocess.run(words, env=environment, cwd=tmp_path, check=True, timeout=60)
    compiled = {path.name.partition(".")[0] for path in (tmp_path / "toy").rglob("*.pyc")}
    assert compiled >= {"broken", "exits", "works"}
    assert "__main__" not in compiled
    assert list((tmp_path / "library").rglob("*.pyc"))
    assert (tmp_path / "prepared").read_text("utf-8") == "quiet"


def test_it_ends_with_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    family = tmp_path / "family"
    written(family, {"some-role/uv.lock": "", "product/uv.lock": ""})
    told = tmp_path / "told"
    tool = tmp_path / "uv"
    tool.write_text(
        textwrap.dedent(
            f"""\
            #!/bin/sh
            echo "$PWD $*" > {told}.partial && mv {told}.partial {told}
            exec sleep 60
            """
        ),
        "utf-8",
    )
    tool.chmod(0o755)
    monkeypatch.setenv("UV", str(tool))
    monkeypatch.chdir(family / "product")
    with (tmp_path / "lock").open("w") as lock, Children(NAME, lock=lock.fileno()) as children:
        with Warmup(children, ["some-role"], {}):
            deadline = time.monotonic() + 30
            while not told.exists():
                assert time.monotonic() < deadline, "it did not begin"
                time.sleep(0.05)
        place, _, words = told.read_text("utf-8").partition(" ")
        assert Path(place).name == "some-role"
        assert words.split()[-2:] == [str(IMPORTS), "some_role"]
        assert not marked(f"{MARKER}={NAME}")


def test_nothing_is_done_for_environments_that_are_not_new(tmp_path: Path) -> None:
    with (
        (tmp_path / "lock").open("w") as lock,
        Children(NAME, lock=lock.fileno()) as children,
        Warmup(children, [], {}),
    ):
        assert not marked(f"{MARKER}={NAME}")
