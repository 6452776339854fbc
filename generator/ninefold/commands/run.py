"""`ninefold run`: the product repository's `make run`, which works without ninefold too."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from ninefold.family import Family, FamilyError, find


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the family's folder")
    parser.add_argument(
        "--environment", metavar="NAME", help="of those in the spec (default: its first)"
    )
    parser.add_argument(
        "--from", metavar="STEP", dest="from_step", help="run this step and what depends on it"
    )


def run(arguments: argparse.Namespace) -> int:
    family = find(arguments.folder)
    command = ["make", "-C", str(family.home), "run"]
    if arguments.environment:
        _check_environment(family, arguments.environment)
        command.append(f"ENVIRONMENT={arguments.environment}")
    if arguments.from_step:
        command.append(f"FROM={arguments.from_step}")
    if shutil.which("make") is None:
        raise FamilyError("make is not installed; install it and try again")
    sys.stdout.flush()
    # Taking its place gives make our signals and our caller its exit status.
    os.execvp("make", command)


def _check_environment(family: Family, name: str) -> None:
    known = sorted(path.stem for path in (family.home / "settings").glob("*.toml"))
    if name not in known:
        raise FamilyError(
            f"{family.home}: there is no environment {name}; choose one of {', '.join(known)}"
        )
