"""What a merge waits for is what the pipeline tries on a pull request, by the names it gives it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dialects import CHANGE, DIALECTS, repository
from rendering import ROLES, Family, call, copy, repository_with, set_up

# The service of these calls its checks by a name that is chosen there.
UNNAMED = ("azure-pipelines", "jenkins")
SCAN = "Scan dependencies and secrets"
ASKED = """
import sys, types
sys.modules["httpx"] = types.ModuleType("httpx")
sys.modules["httpx"].Client = object
from flight_delays_platform import protect
import json
print(json.dumps(protect.CHECKS))
"""


def required(family: Family, name: str) -> dict[str, list[str]]:
    """The checks that `make protect` asks for, by repository."""
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=repository(family, name, "platform"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", DIALECTS)
def test_a_merge_waits_for_each_job_but_the_scan(name: str, family: Family) -> None:
    """An advisory of this night would stop every merge."""
    found = required(family, name)
    for role in ROLES:
        jobs = DIALECTS[name].jobs(repository(family, name, role))
        tried = [title for title, job in jobs.items() if CHANGE in job.when]
        assert SCAN in tried
        expected = [] if name in UNNAMED else [title for title in tried if title != SCAN]
        assert found[f"flight-delays-{role}"] == expected


def test_where_checks_have_no_names_they_are_asked_for(family: Family, tmp_path: Path) -> None:
    """These repositories differ from the others in what they ask for, and pass their own checks."""
    first = family.repository("platform")
    set_up(first)
    environment = str(tmp_path / "environment")
    for name in UNNAMED:
        folder = copy(repository_with(family, "cicd", name, "platform"), tmp_path / name)
        shutil.copy(first / "uv.lock", folder)
        tests = ("tests/test_host.py", "tests/test_comment.py")
        for command in (("make", "lint"), ("uv", "run", "pytest", "-q", *tests)):
            said = call(*command, at=folder, UV_PROJECT_ENVIRONMENT=environment, UV_FROZEN="true")
        assert "failed" not in said and "passed" in said
        asks = folder / "src" / "flight_delays_platform" / "protect.py"
        assert "which checks must have passed?" in asks.read_text("utf-8")
