"""Sets the rules of the family's repositories at their host; to run it again changes nothing.

Nobody pushes to `main`, not even by force: what is merged was reviewed by an owner, and passed.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from . import host
from .faults import Fault
from .hosting import Repository, place, token

# The job of the pipeline that must have passed; some hosts ask for it by its name.
CHECK: Final = "Lint and test"
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
        _protect(os.environ.get("REPOSITORY", ""), os.environ.get("CHECK") or CHECK)
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    return 0


def _protect(only: str, check: str) -> None:
    if only and only not in OWNERS:
        raise Fault(f"there is no repository {only}; REPOSITORY is one of {', '.join(OWNERS)}")
    where = place()
    with host.client(where, token("administer the repositories")) as client:
        for name, owners in OWNERS.items():
            if only in ("", name):
                repository = Repository(f"{where.owner}/{name}", tuple(owners))
                for line in host.protect(client, repository, check):
                    print(f"{name}: {line}", flush=True)
                print(f"{name}: the rules of main are set", flush=True)


if __name__ == "__main__":
    sys.exit(main())
