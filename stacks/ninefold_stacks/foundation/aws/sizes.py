"""What an environment of each size gets, unless its configuration says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Size:
    """Types as AWS names them; storage in GiB."""

    nodes: str
    minimum: int
    maximum: int
    database: str
    storage: int
    cache: str
    servers: int
    backup_days: int
    spread: bool
    """Stores have a second server in another zone, and each zone a way out of its own."""


SIZES: Final[Mapping[str, Size]] = {
    "small": Size("m6i.xlarge", 2, 4, "db.t4g.medium", 20, "cache.t4g.small", 1, 7, False),
    "medium": Size("m6i.2xlarge", 3, 10, "db.r6g.xlarge", 100, "cache.r7g.large", 2, 14, True),
    "large": Size("m6i.4xlarge", 5, 40, "db.r6g.4xlarge", 500, "cache.r7g.2xlarge", 2, 35, True),
}
