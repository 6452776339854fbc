"""`python -m ninefold` and the console script."""

import sys

from ninefold.cli import main

if __name__ == "__main__":
    sys.exit(main())
