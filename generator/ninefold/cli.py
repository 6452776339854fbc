"""The command line: finds the command, imports only that one, and answers users' errors plainly."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ninefold.errors import NinefoldError

COMMANDS = {
    "init": "write a commented product.yaml to start from",
    "plan": "show what a spec leads to; writes nothing",
    "new": "render a product's family of repositories, all or nothing",
    "update": "bring a changed spec, or later templates, to a family's repositories",
    "run": "run a family's loop, from raw data to the last round",
    "check": "compare a family's repositories with the product's spec and contracts",
    "audit": "show what realises each principle, component, role and stage, and what is missing",
    "technology": "list, show and add technologies",
    "doctor": "say what this machine can run, and the remedy for what it cannot",
}
_EPILOGUE = """\
examples:
  ninefold init --example flight-delays
  ninefold plan product.yaml
  ninefold new product.yaml --into flight-delays
  ninefold run flight-delays

`ninefold COMMAND --help` tells more about a command.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 it worked, 1 it found something wrong, 2 the user can mend it."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser(given)
    chosen = parser.parse_args(given)
    if chosen.command is None:
        parser.print_help()
        return 2
    try:
        return _run(chosen)
    except NinefoldError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output (`| head`) has had enough; keep Python from saying so at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(chosen: argparse.Namespace) -> int:
    status: int = import_module(f"ninefold.commands.{chosen.command}").run(chosen)
    sys.stdout.flush()
    return status


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """All commands by name; the arguments only of the one that was called."""
    parser = argparse.ArgumentParser(
        prog="ninefold",
        description="One product spec in; a family of repositories and a platform out.",
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    called = next((word for word in given if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == called:
            import_module(f"ninefold.commands.{name}").add_arguments(command)
    return parser


class _Version(argparse.Action):
    """Reads the version from the installed distribution, and only if it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and end")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib import metadata

        try:
            version = metadata.version("ninefold")
        except metadata.PackageNotFoundError:
            version = "(not installed)"
        print(f"ninefold {version}")
        parser.exit()
