"""Runs Pulumi for one environment, so that nothing is forgotten: state, secrets, a copy before."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .environments import LOCAL, PREFIX, PROVISIONED
from .faults import Fault

PROGRAM: Final = Path("foundation")
VERBS: Final = ("preview", "up", "destroy", "export")
PASSPHRASES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def run(verb: str, environment: str, more: Sequence[str] = ()) -> int:
    """Run a verb; raises `Fault` with a remedy when it cannot even start."""
    _require_known(environment)
    _require_engine()
    variables = surroundings(os.environ)
    secrets = variables.get(f"{PREFIX}_SECRETS_PROVIDER", "passphrase")
    _require_secrets(secrets, variables)
    select = ["stack", "select", "--create", "--secrets-provider", secrets, environment]
    if code := _pulumi(select, variables):
        return code
    if verb != "preview" and (code := _export(environment, variables)):
        return code
    if verb == "export":
        return 0
    return _pulumi([verb, "--stack", environment, "--diff", *more], variables)


def surroundings(given: Mapping[str, str]) -> dict[str, str]:
    """Environment variables of the engine; without a backend the state stays in this folder."""
    state = Path(".state").resolve()
    return {
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **given,
    }


def _require_known(environment: str) -> None:
    if environment in PROVISIONED:
        return
    choices = " or ".join(f"ENVIRONMENT={name}" for name in PROVISIONED)
    if environment in LOCAL:
        raise Fault(f"{environment} is local, nothing is provisioned there; choose {choices}")
    raise Fault(f"there is no environment {environment}; choose {choices}")


def _require_engine() -> None:
    if shutil.which("pulumi") is None:
        raise Fault(
            "pulumi is not on PATH; install the command line: "
            "https://www.pulumi.com/docs/iac/download-install/"
        )
    if not PROGRAM.is_dir():
        raise Fault(f"no {PROGRAM}/ in {Path.cwd()}; start from the repository's folder")


def _require_secrets(provider: str, variables: Mapping[str, str]) -> None:
    if provider == "passphrase" and not any(name in variables for name in PASSPHRASES):
        raise Fault(
            "the stack's secrets have no key; set PULUMI_CONFIG_PASSPHRASE_FILE to a file with a "
            f"passphrase, or {PREFIX}_SECRETS_PROVIDER to the URL of a key service"
        )


def _export(environment: str, variables: Mapping[str, str]) -> int:
    """Copy the state: what goes wrong after this can be taken back with `pulumi stack import`."""
    folder = Path("exports")
    folder.mkdir(exist_ok=True)
    path = folder / f"{environment}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    code = _pulumi(
        ["stack", "export", "--stack", environment, "--file", str(path.resolve())], variables
    )
    if code == 0:
        print(f"state copied to {path}", flush=True)
    return code


def _pulumi(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    backend = variables["PULUMI_BACKEND_URL"]
    if backend.startswith("file:///"):
        Path(backend.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
    quiet = [] if sys.stdin.isatty() else ["--non-interactive"]
    command = ["pulumi", "--cwd", str(PROGRAM), *quiet, *arguments]
    return subprocess.run(command, env=dict(variables), check=False).returncode
