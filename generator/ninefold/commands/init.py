"""`ninefold init`: a commented product.yaml to start from."""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from ninefold.errors import NinefoldError
from ninefold.names import slug_fault
from ninefold.start.text import PROBLEM_TYPES, Answers, blank, example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--example", metavar="NAME", help="a worked example, such as flight-delays")
    parser.add_argument(
        "--into", metavar="FILE", type=Path, default=Path("product.yaml"),
        help="the file to write (default: product.yaml); one that is there stays as it is",
    )  # fmt: skip
    parser.add_argument("--name", help="the product's name, such as flight-delays")
    parser.add_argument("--title", help="the product's name for readers")
    parser.add_argument("--organisation", help="organisation or group of the code host")
    parser.add_argument("--type", choices=PROBLEM_TYPES, help="what kind of value is predicted")
    parser.epilog = (
        "What is not given is asked for at a terminal, and has a default elsewhere.\n\n"
        "examples:\n"
        "  ninefold init\n"
        "  ninefold init --example flight-delays --into flights.yaml\n"
        "  ninefold init --name parcel-delays --organisation acme --type regression"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the file as a whole, or nothing."""
    from ninefold.house import find
    from ninefold.spec import load_text

    target: Path = arguments.into
    _check_free(target)
    if arguments.example:
        text = example(arguments.example, find())
    else:
        text = blank(_answers(arguments), find())
        load_text(text, str(target))
    try:
        with target.open("x", encoding="utf-8") as file:
            _write(file, text, target)
    except FileExistsError:
        _check_free(target)
    except OSError as error:
        raise NinefoldError(
            f"{target}: cannot be written ({error.strerror}); choose another place with --into"
        ) from error
    print(f"wrote {target}; next: edit it, then `ninefold plan {target}`")
    return 0


def _write(file: TextIO, text: str, target: Path) -> None:
    """Write it as a whole; what a full disk cut short is removed."""
    try:
        file.write(text)
        file.flush()
    except OSError:
        target.unlink()
        raise


def _check_free(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise NinefoldError(
            f"{target}: is there already; name another file with --into, or move it away"
        )


def _answers(arguments: argparse.Namespace) -> Answers:
    name = arguments.name or _ask("Name (lowercase, hyphens)", "parcel-delays", slug_fault)
    fault = slug_fault(name)
    if fault:
        raise NinefoldError(f"--name: {name!r} {fault}")
    readable = name.replace("-", " ").capitalize()
    title = arguments.title or _ask("Title for readers", readable)
    organisation = arguments.organisation or _ask("Organisation of the code host", "acme")
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?", organisation):
        raise NinefoldError(
            f"--organisation: {organisation!r} is none; use letters, digits and hyphens"
        )
    if not title.isprintable():
        raise NinefoldError(f"--title: {title!r} holds control characters; remove them")
    problem_type = arguments.type or _ask_type()
    return Answers(name, title.strip(), organisation, problem_type)


def _ask_type() -> str:
    kinds = " or ".join(PROBLEM_TYPES)
    return _ask(
        f"Type: {kinds}",
        PROBLEM_TYPES[0],
        lambda given: None if given in PROBLEM_TYPES else f"is none; answer {kinds}",
    )


def _ask(question: str, default: str, fault: Callable[[str], str | None] | None = None) -> str:
    """Ask at a terminal until the answer will do; elsewhere take the default."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return default
    while True:
        print(f"{question} [{default}]: ", end="", file=sys.stderr, flush=True)
        given = sys.stdin.readline()
        if not given:
            raise NinefoldError("the input ended before all was answered; nothing was written")
        answer = given.strip() or default
        wrong = fault(answer) if fault else None
        if wrong is None:
            return answer
        print(f"{answer!r} {wrong}", file=sys.stderr)
