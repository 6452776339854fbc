"""No secret stands in a rendered repository, in none of its commits."""

import json
import re
import subprocess
from pathlib import Path

import programs
import pytest
from desk import desk

from rendering import ROLES, Family

GITLEAKS = "github.com/zricethezav/gitleaks/v8@v8.30.1"
# Put together here, so that this file holds none.
PLANTED = "AKIA" + "Q3EGRZPLMW5TYV2N"


def findings(folder: Path) -> list[tuple[str, str]]:
    """Rule and file of each finding in the whole history of a repository."""
    program = programs.go(GITLEAKS)
    assert program, "gitleaks is built with Go; install it, then try again"
    report = folder.parent / "findings.json"
    command = [
        *(str(program), "git", "--no-banner", "--redact", "--exit-code", "7"),
        *("--report-format", "json", "--report-path", str(report), str(folder)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 7), done.stderr
    found = [(one["RuleID"], one["File"]) for one in json.loads(report.read_text("utf-8"))]
    assert bool(found) == (done.returncode == 7), done.stderr
    assert re.search(r"[1-9]\d* commits scanned", done.stderr), done.stderr
    return found


@pytest.mark.parametrize("role", ROLES)
def test_a_repository_holds_no_secret(role: str, family: Family, tmp_path: Path) -> None:
    here = desk(family.repository(role), tmp_path, lock=role != "platform")
    assert not findings(here.folder)


def test_a_secret_that_was_removed_is_found(family: Family, tmp_path: Path) -> None:
    here = desk(family.repository("product"), tmp_path, lock=False)
    planted = here.folder / "settings" / "leak.toml"
    planted.write_text(f'key = "{PLANTED}"\n', "utf-8")
    here.commit("Leak")
    planted.unlink()
    here.commit("Remove it")
    assert ("aws-access-token", "settings/leak.toml") in findings(here.folder)
