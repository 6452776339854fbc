"""Sets the rules of the family's repositories at their host; to run it again changes nothing.

Nobody pushes to `main`, not even by force: what is merged was reviewed by an owner, and passed
all that is tried on a pull request and hangs on nothing outside.
One identity is let past, and only here: the one that commits released digests.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from . import host
from .faults import Fault
from .hosting import Repository, place, token

# The jobs of each repository that must have passed; some hosts ask for them by these names.
CHECKS: Final[Mapping[str, Sequence[str]]] = {
    "flight-delays-product": [
        "Lint and test",
        "Build the image",
        "Show what the spec changes",
    ],
    "flight-delays-data-engineering": [
        "Lint and test",
        "Build the image",
    ],
    "flight-delays-training": [
        "Lint and test",
        "Build the image",
    ],
    "flight-delays-serving": [
        "Lint and test",
        "Build the image",
    ],
    "flight-delays-monitoring": [
        "Lint and test",
        "Build the image",
    ],
    "flight-delays-platform": [
        "Lint and test",
        "Preview staging",
    ],
}
# Where the digests are.
RELEASED: Final = "flight-delays-platform"
# Who answers for each repository, as the product's spec says.
OWNERS: Final[Mapping[str, Sequence[str]]] = {
    "flight-delays-product": [
        "@flight-delays/operations",
        "@flight-delays/architecture",
    ],
    "flight-delays-data-engineering": [
        "@flight-delays/data-engineering",
        "@flight-delays/software",
    ],
    "flight-delays-training": [
        "@flight-delays/data-science",
        "@flight-delays/ml-engineering",
    ],
    "flight-delays-serving": [
        "@flight-delays/software",
        "@flight-delays/ml-engineering",
    ],
    "flight-delays-monitoring": [
        "@flight-delays/ml-engineering",
        "@flight-delays/data-engineering",
        "@flight-delays/data-science",
    ],
    "flight-delays-platform": [
        "@flight-delays/devops",
        "@flight-delays/architecture",
    ],
}


def main() -> int:
    """Set the rules of each repository, or of the one that is named; 1 with what to mend."""
    try:
        _protect(os.environ.get("REPOSITORY", ""), _named(os.environ.get("CHECK", "")))
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    return 0


def _named(said: str) -> Sequence[str]:
    return [name.strip() for name in said.split(",") if name.strip()]


def _protect(only: str, named: Sequence[str]) -> None:
    if only and only not in OWNERS:
        raise Fault(f"there is no repository {only}; REPOSITORY is one of {', '.join(OWNERS)}")
    where = place()
    with host.client(where, token("administer the repositories")) as client:
        for name, owners in OWNERS.items():
            if only in ("", name):
                releaser = os.environ.get("RELEASER", "") if name == RELEASED else None
                repository = Repository(f"{where.owner}/{name}", tuple(owners), releaser)
                for line in host.protect(client, repository, named or CHECKS[name]):
                    print(f"{name}: {line}", flush=True)
                print(f"{name}: the rules of main are set", flush=True)
                if name == RELEASED and not releaser:
                    print(f"{name}: nobody is let past them anew; RELEASER=... names who releases")


if __name__ == "__main__":
    sys.exit(main())
