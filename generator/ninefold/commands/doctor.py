"""`ninefold doctor`: what this machine can run, and the remedy for what it cannot."""

import argparse
from pathlib import Path

from ninefold.machine import findings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--into", metavar="DIR", type=Path, default=Path(),
        help="where a family shall be made (default: here); its disk is looked at",
    )  # fmt: skip
    parser.epilog = "Ends with status 1 only if something that is required is missing."


def run(arguments: argparse.Namespace) -> int:
    """One line for each thing; those that are missing say how to get them."""
    missing = 0
    for each in findings(arguments.into.resolve()):
        if each.found:
            print(f"ok        {each.name}: {each.found} ({each.purpose})")
        else:
            kind = "missing " if each.required else "optional"
            print(f"{kind}  {each.name} ({each.purpose}): {each.remedy}")
            missing += each.required
    print(f"{missing} required missing" if missing else "everything that is required is here")
    return 1 if missing else 0
