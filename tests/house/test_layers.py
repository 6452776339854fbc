"""import-linter holds the layers, and finds a planted violation."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from words import CHECKOUT


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the packages and of the contracts."""
    for package in ("generator/ninefold", "stacks/ninefold_stacks"):
        shutil.copytree(
            CHECKOUT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__", "scaffold"),
        )
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=house,
        env={"PYTHONPATH": f"{house / 'generator'}:{house / 'stacks'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_layers_hold(house: Path) -> None:
    done = lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("generator/ninefold/planted.py", "import ninefold_stacks", "meet in files only"),
        ("stacks/ninefold_stacks/planted.py", "import ninefold.names", "meet in files only"),
        ("generator/ninefold/planted.py", "import pulumi", "platform SDK"),
        ("stacks/ninefold_stacks/planted.py", "import jinja2", "never render"),
    ],
)
def test_a_planted_import_is_found(house: Path, module: str, line: str, broken: str) -> None:
    (house / module).write_text(f'"""Planted."""\n\n{line}\n')
    done = lint(house)
    assert done.returncode != 0
    assert f"{broken} BROKEN" in done.stdout
