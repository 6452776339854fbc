"""`ninefold plan`: what a spec leads to, with technologies, versions, licences and owners."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ninefold.errors import NinefoldError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", type=Path, help="the product's spec, a YAML file")
    parser.add_argument(
        "--format", choices=("text", "json", "mermaid", "markdown"), default="text",
        help="for people (text), for programs (json), as a picture (mermaid); with --changes also "
        "as a page for a review (markdown)",
    )  # fmt: skip
    parser.add_argument(
        "--changes", action="store_true",
        help="what differs from what the family of this spec was rendered from, value by value and "
        "file by file; SPEC is the one in the product repository",
    )  # fmt: skip
    parser.epilog = (
        "examples:\n"
        "  ninefold plan product.yaml\n"
        "  ninefold plan product.yaml --format json > plan.json\n"
        "  ninefold plan product.yaml --format mermaid\n"
        "  ninefold plan flight-delays/flight-delays-product/product.yaml --changes"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the plan; warnings go to stderr, so that the output stays clean for programs."""
    if arguments.changes:
        return _changes(arguments)
    from ninefold.plan import prepare
    from ninefold.plan.show import FORMATS

    if arguments.format not in FORMATS:
        raise NinefoldError(f"--format {arguments.format} shows changes; add --changes")
    made = prepare(arguments.spec).plan
    _warn(made.warnings)
    sys.stdout.write(FORMATS[arguments.format](made))
    return 0


def _changes(arguments: argparse.Namespace) -> int:
    from ninefold import repository
    from ninefold.changes import changes
    from ninefold.comparison import FORMATS
    from ninefold.staging import told

    if arguments.format not in FORMATS:
        raise NinefoldError(f"changes are not shown as {arguments.format}; choose another --format")
    repository.keep_to_itself()
    with told(Path(tempfile.gettempdir())):
        found = changes(arguments.spec)
    _warn(found.warnings)
    sys.stdout.write(FORMATS[arguments.format](found))
    return 0


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
