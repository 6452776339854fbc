"""Feature view `party_size`, keyed by party, from source `bookings`.

Rooms that were booked together.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("party",)
TTL: Final = timedelta(days=2)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("judged_at - INTERVAL 9 HOUR")


def rooms_together() -> duckdb.Expression:
    """Number of values of `lead_time` over the 1 day up to the row."""
    return duckdb.SQLExpression(
        "count(lead_time) OVER ("
        "PARTITION BY party "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW)"
    )


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "rooms_together": rooms_together,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per party and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="party_size",
    source="bookings",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "rooms_together": ("lead_time",),
    },
    window=timedelta(days=1),
)
