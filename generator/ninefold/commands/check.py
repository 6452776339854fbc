"""`ninefold check`: do the repositories agree with the product's spec and with each other?"""

import argparse
from pathlib import Path

from ninefold.check import findings
from ninefold.family import find


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="the family's folder")


def run(arguments: argparse.Namespace) -> int:
    family = find(arguments.folder)
    found = list(findings(family))
    for finding in found:
        print(finding)
    if found:
        return 1
    count = len(family.repositories)
    print(f"{count} {'repository agrees' if count == 1 else 'repositories agree'} with the spec")
    return 0
