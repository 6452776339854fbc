"""Command line: `flight-delays-platform preview` and the other verbs, for one environment."""

import argparse
import os
import sys
from collections.abc import Sequence

from .engine import VERBS, run
from .environments import DEFAULT, PREFIX
from .faults import Fault


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; 0 done, 1 with one line on what to mend, 130 stopped."""
    parser = argparse.ArgumentParser(
        prog="flight-delays-platform",
        description="Applies the foundation of the product to an environment.",
        epilog="What follows `--` goes to the engine: `flight-delays-platform up -- --yes`.",
    )
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument(
        "--environment",
        default=os.environ.get(f"{PREFIX}_ENVIRONMENT", DEFAULT),
        help=f"also {PREFIX}_ENVIRONMENT; default {DEFAULT}",
    )
    words = list(sys.argv[1:] if arguments is None else arguments)
    cut = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:cut])
    try:
        return run(options.verb, options.environment, words[cut + 1 :])
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
