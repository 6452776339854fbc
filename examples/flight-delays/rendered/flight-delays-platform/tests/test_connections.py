"""A shell that runs the lines has the settings, and the secrets that the cluster gives it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flight_delays_platform.connections import lines
from flight_delays_platform.faults import Fault

# Answers with what it was asked.
KUBECTL = """#!/bin/sh
printf '%s\\n' "$@"
"""
OUTPUTS: dict[str, Any] = {
    "namespace": "product-staging",
    "settings": {"PLAIN": "http://server:5000", "ODD": "it's $(not) a `command`"},
    "secrets": {"PASSWORD": "store/user.password"},  # pragma: allowlist secret
}


def test_a_shell_gets_settings_and_fetches_secrets(tmp_path: Path) -> None:
    (tmp_path / "kubectl").write_text(KUBECTL, "utf-8")
    (tmp_path / "kubectl").chmod(0o755)
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    script = "\n".join([*lines(OUTPUTS, "staging"), f"python3 -c '{show}'"])
    path = f"{tmp_path}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        ["/bin/sh", "-euc", script], env={"PATH": path}, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert {name: found[name] for name in OUTPUTS["settings"]} == OUTPUTS["settings"]
    asked = ["--namespace", "product-staging", "get", "secret", "store", "--output"]
    *words, shown = found["PASSWORD"].splitlines()
    assert words == asked
    assert shown == 'go-template={{index .data "user.password" | base64decode}}'


def test_without_a_platform_it_is_said_what_to_do() -> None:
    with pytest.raises(Fault, match="no platform is up in staging; run `make up"):
        lines({}, "staging")
