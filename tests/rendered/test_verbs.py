"""Each rendered repository installs, lints and tests itself with its own verbs."""

import json
import subprocess
import sys

import pytest

from rendering import ROLES, Family, call, set_up


@pytest.mark.parametrize("role", ROLES)
def test_setup_lint_and_test(role: str, family: Family) -> None:
    repository = family.repository(role)
    set_up(repository)
    call("make", "lint", at=repository)
    print(call("make", "test", at=repository))
    call("git", "add", "--all", at=repository)
    left = call("git", "status", "--porcelain", at=repository).split()
    assert left in ([], ["A", "uv.lock"]), "the verbs leave files that Git would take"


@pytest.mark.parametrize("role", ROLES)
def test_help_lists_every_verb(role: str, family: Family) -> None:
    repository = family.repository(role)
    shown = call("make", "help", at=repository)
    for verb in ("setup", "lint", "test"):
        assert verb in shown.split()


def test_the_audit_misses_nothing(family: Family) -> None:
    for role in ROLES:
        if not (family.repository(role) / "build" / "junit.xml").is_file():
            set_up(family.repository(role))
            call("make", "test", at=family.repository(role))
    command = [sys.executable, "-m", "ninefold", "audit", str(family.folder), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = json.loads(done.stdout)
    assert len(lines) == 30
    assert not [each for each in lines if each["status"] == "missing"]
    assert done.returncode == 0
