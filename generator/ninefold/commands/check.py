"""`ninefold check`: whether the repositories agree with the spec and with each other."""

import argparse
from pathlib import Path

from ninefold.check import findings
from ninefold.family import find


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the family's folder")
    parser.epilog = "example:\n  ninefold check flight-delays"


def run(arguments: argparse.Namespace) -> int:
    """Print what disagrees, one line each; status 1 if anything does."""
    family = find(arguments.folder)
    found = list(findings(family))
    for finding in found:
        print(finding)
    if found:
        return 1
    count = len(family.repositories)
    print(f"{count} {'repository agrees' if count == 1 else 'repositories agree'} with the spec")
    return 0
