"""Command line: `hotel-bookings-platform preview` and the other verbs, for one environment."""

import argparse
import os
import sys
from collections.abc import Sequence

from .engine import VERBS, fetch, run
from .environments import DEFAULT, PREFIX
from .faults import Fault


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; 0 done, 1 with one line on what to mend, 130 stopped."""
    parser = argparse.ArgumentParser(
        prog="hotel-bookings-platform",
        description="Applies what the product stands on to an environment.",
        epilog="What follows `--` goes to the engine: `hotel-bookings-platform up -- --yes`.",
    )
    parser.add_argument("verb", choices=(*VERBS, "engine"))
    parser.add_argument(
        "--environment",
        default=os.environ.get(f"{PREFIX}_ENVIRONMENT", DEFAULT),
        help=f"also {PREFIX}_ENVIRONMENT; default {DEFAULT}",
    )
    parser.add_argument("--program", default="", help="only this one: foundation or platform")
    parser.add_argument(
        "--unattended", action="store_true", help="nobody is there to ask, or to keep what is made"
    )
    words = list(sys.argv[1:] if arguments is None else arguments)
    cut = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:cut])
    try:
        if options.verb == "engine":
            return fetch()
        given = (options.environment, words[cut + 1 :], options.program)
        return run(options.verb, *given, unattended=options.unattended)
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
