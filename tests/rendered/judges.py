"""Judges of GitHub workflows: each a command that fails on what it objects to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"


def cache() -> Path:
    """Where built tools are kept between runs, outside the checkout."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ninefold" / "tools"


def actionlint() -> Path | None:
    """The judge built from its Go module, or None where there is no Go."""
    folder = cache() / ACTIONLINT.rpartition("@")[2]
    program = folder / "actionlint"
    if not program.is_file():
        if not shutil.which("go"):
            return None
        environment = {**os.environ, "GOBIN": str(folder)}
        subprocess.run(["go", "install", ACTIONLINT], env=environment, check=True, timeout=600)
    return program


def _beside_python(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def commands() -> dict[str, list[str]]:
    """Each judge's command; the file is its last argument."""
    found = {
        "zizmor": [
            _beside_python("zizmor"),
            *("--offline", "--no-progress", "--quiet", "--persona", "auditor"),
        ],
        "check-jsonschema": [
            _beside_python("check-jsonschema"), "--builtin-schema", "vendor.github-workflows"
        ],
    }  # fmt: skip
    if program := actionlint():
        found["actionlint"] = [str(program), "-shellcheck=", "-pyflakes="]
    return found


def judge(command: list[str], workflow: Path) -> tuple[bool, str]:
    """Does it pass, and what was said?"""
    done = subprocess.run([*command, str(workflow)], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr
