"""`ninefold run`: the product repository's `make run`, which works without ninefold too."""

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

from ninefold.family import Family, FamilyError, find


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder, and where to run and to begin."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the family's folder")
    parser.add_argument(
        "--environment", metavar="NAME", help="of those in the spec (default: its first)"
    )
    parser.add_argument(
        "--from", metavar="STEP", dest="from_step", help="run this step and what depends on it"
    )
    parser.add_argument(
        "--retrain", metavar="REASON", help="train a challenger in the last round, and say why"
    )
    parser.epilog = (
        "examples:\n"
        "  ninefold run flight-delays\n"
        "  ninefold run flight-delays --environment dev --from train\n"
        "  ninefold run flight-delays --from watch@2\n"
        "  ninefold run flight-delays --retrain 'a new airport opened'"
    )


def run(arguments: argparse.Namespace) -> int:
    """Become make."""
    family = find(arguments.folder)
    command = ["make", "-C", str(family.home), "run"]
    if arguments.environment:
        _check_environment(family, arguments.environment)
        command.append(f"ENVIRONMENT={arguments.environment}")
    if arguments.from_step:
        _check_step(arguments.from_step)
        command.append(f"FROM={arguments.from_step}")
    if shutil.which("make") is None:
        raise FamilyError("make is not installed; install it and try again")
    sys.stdout.flush()
    # Taking its place gives make our signals and our caller its exit status.
    # Our own environment is not theirs: each repository runs in the one that it made.
    own = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    if arguments.retrain:
        own["RETRAIN"] = arguments.retrain  # free text, which make would read as its own language
    os.execvpe("make", command, own)  # noqa: S606


def _check_environment(family: Family, name: str) -> None:
    known = sorted(path.stem for path in (family.home / "settings").glob("*.toml"))
    if name not in known:
        raise FamilyError(
            f"{family.home}: there is no environment {name}; choose one of {', '.join(known)}"
        )


def _check_step(name: str) -> None:
    """The loop knows its steps; here only what make would take for something else is refused."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]*(@[0-9]+)?", name):
        raise FamilyError(f"{name}: is no step; name one that the loop shows, such as train")
