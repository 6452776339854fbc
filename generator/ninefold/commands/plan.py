"""`ninefold plan`: what a spec leads to, with technologies, versions, licences and owners."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("spec", metavar="SPEC", type=Path, help="the product's spec, a YAML file")
    parser.add_argument(
        "--format", choices=("text", "json", "mermaid"), default="text",
        help="for people (text), for programs (json) or as a picture (mermaid)",
    )  # fmt: skip
    parser.epilog = (
        "examples:\n"
        "  ninefold plan product.yaml\n"
        "  ninefold plan product.yaml --format json > plan.json\n"
        "  ninefold plan product.yaml --format mermaid"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the plan; warnings go to stderr, so that the output stays clean for programs."""
    from ninefold.plan import prepare
    from ninefold.plan.show import FORMATS

    made = prepare(arguments.spec).plan
    for warning in made.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    sys.stdout.write(FORMATS[arguments.format](made))
    return 0
