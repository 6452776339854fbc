"""Sets the rules of the family's repositories at their host; to run it again changes nothing.

Nobody pushes to `main`, not even by force: what is merged was reviewed by an owner, and passed
all that is tried on a pull request and hangs on nothing outside.
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
    "hotel-bookings-product": [
        "Lint and test",
        "Build the image",
        "Show what the spec changes",
    ],
    "hotel-bookings-data-engineering": [
        "Lint and test",
        "Build the image",
    ],
    "hotel-bookings-training": [
        "Lint and test",
        "Build the image",
    ],
    "hotel-bookings-serving": [
        "Lint and test",
        "Build the image",
    ],
    "hotel-bookings-monitoring": [
        "Lint and test",
        "Build the image",
    ],
    "hotel-bookings-platform": [
        "Lint and test",
        "Preview staging",
    ],
}
# Who answers for each repository, as the product's spec says.
OWNERS: Final[Mapping[str, Sequence[str]]] = {
    "hotel-bookings-product": [
        "@hotel-bookings/revenue",
        "@hotel-bookings/architecture",
    ],
    "hotel-bookings-data-engineering": [
        "@hotel-bookings/data-engineering",
        "@hotel-bookings/software",
    ],
    "hotel-bookings-training": [
        "@hotel-bookings/data-science",
        "@hotel-bookings/ml-engineering",
    ],
    "hotel-bookings-serving": [
        "@hotel-bookings/software",
        "@hotel-bookings/ml-engineering",
    ],
    "hotel-bookings-monitoring": [
        "@hotel-bookings/ml-engineering",
        "@hotel-bookings/data-engineering",
        "@hotel-bookings/data-science",
    ],
    "hotel-bookings-platform": [
        "@hotel-bookings/devops",
        "@hotel-bookings/architecture",
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
                repository = Repository(f"{where.owner}/{name}", tuple(owners))
                for line in host.protect(client, repository, named or CHECKS[name]):
                    print(f"{name}: {line}", flush=True)
                print(f"{name}: the rules of main are set", flush=True)


if __name__ == "__main__":
    sys.exit(main())
