"""`ninefold audit`: which file, command, test and owner realise each thing a product must have."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder and the form."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the family's folder")
    parser.add_argument(
        "--format", choices=("text", "json", "html"), default="text",
        help="for people (text), for programs (json) or as one page (html)",
    )  # fmt: skip
    parser.epilog = (
        "A line is realised when its file is there and its tests passed on the present commit:\n"
        "run `make test` in each repository first. Ends with status 1 if a line is missing.\n\n"
        "examples:\n"
        "  ninefold audit flight-delays\n"
        "  ninefold audit flight-delays --format html > audit.html"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print every line; status 1 if any is missing."""
    from ninefold import audit, catalog, repository
    from ninefold.family import SPEC, find
    from ninefold.plan import prepare

    repository.keep_to_itself()
    family = find(arguments.folder)
    known = catalog.load()
    product = prepare(family.home / SPEC, known).spec
    found = audit.audit(family, product, known, audit.load())
    sys.stdout.write(audit.FORMATS[arguments.format](product, found))
    return 1 if any(each.missing for each in found) else 0
