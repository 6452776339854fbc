"""The verbs at the top: each is listed, gets what it needs, or says the remedy in one line."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from words import CHECKOUT

VERBS = {
    "help",
    "setup",
    "demo",
    "test",
    "lint",
    "bench",
    "soak",
    "cluster",
    "cluster-down",
    "docs",
    "examples",
    "pins",
    "clean",
}


def make(*arguments: str, path: str, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=at,
        env={"PATH": path, "HOME": str(at)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout's Makefile on a machine with make, but without uv."""
    (tmp_path / "bin").mkdir()
    for name in ("make", "sh", "sed", "rm", "grep", "awk", "cat"):
        found = shutil.which(name)
        assert found, f"this machine has no {name}"
        (tmp_path / "bin" / name).symlink_to(found)
    (tmp_path / "templates").mkdir()
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    shutil.copy(CHECKOUT / "templates" / "pins.yaml", tmp_path / "templates")
    return tmp_path


def python(bare: Path, answer: str) -> None:
    """A python3 that answers every question with this shell code."""
    program = bare / "bin" / "python3"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)


def test_every_verb_is_listed(bare: Path) -> None:
    shown = make("help", path=str(bare / "bin"), at=bare).stdout
    assert set(re.findall(r"^\s+([a-z-]+) ", shown, re.MULTILINE)) >= VERBS


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (None, "install Python 3.11 or newer"),
        ('case "$2" in *version_info*) exit 1;; esac', "make PYTHON=python3.11"),
        ('case "$2" in *pip*) exit 1;; esac', "apt-get install python3-venv"),
    ],
)
def test_what_is_missing_is_said_in_one_line(bare: Path, answer: str | None, remedy: str) -> None:
    if answer is not None:
        python(bare, answer)
    done = make("setup", path=str(bare / "bin"), at=bare)
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert remedy in errors[0]
    assert not (bare / ".tools" / "uv").exists()


def tiers(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tests/tiers.py", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_unknown_tier_is_refused() -> None:
    done = tiers("unity")
    assert done.returncode == 2
    assert "error: no tier unity; there are lint, unit, " in done.stderr


@pytest.mark.parametrize(("reason", "code"), [("no Go here", 1), ("optional: no engine here", 0)])
def test_a_silent_skip_fails_in_ci_only(tmp_path: Path, reason: str, code: int) -> None:
    shutil.copy(CHECKOUT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_x.py").write_text(
        f"import pytest\n\ndef test_x():\n    pytest.skip({reason!r})\n\ndef test_y():\n    pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, str(tmp_path)]
    kept = {key: value for key, value in os.environ.items() if key != "CI"}
    kept["PYTHONPATH"] = str(CHECKOUT / "tests")
    for more, expected in (({}, 0), ({"CI": "true"}, code)):
        done = subprocess.run(
            command, env={**kept, **more}, capture_output=True, text=True, check=False
        )
        assert done.returncode == expected, done.stdout
