"""Feature view `route_delays`, keyed by origin and dest, from source `flights`.

Delays on the route, as of its last landing in each hour.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = (
    "origin",
    "dest",
)
TTL: Final = timedelta(days=30)  # an older feature counts as missing
EVERY: Final = "INTERVAL 1 HOUR"  # the last row of each such stretch of time is kept


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("landed_at")


def route_delay_7d() -> duckdb.Expression:
    """Mean of `arr_delay` over the 7 days up to the row, in min."""
    return duckdb.SQLExpression(
        "avg(arr_delay) OVER ("
        "PARTITION BY origin, dest "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW)"
    )


def route_late_share_30d() -> duckdb.Expression:
    """Mean of `is_late` over the 30 days up to the row."""
    return duckdb.SQLExpression(
        "avg(is_late) OVER ("
        "PARTITION BY origin, dest "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 30 DAY PRECEDING AND CURRENT ROW)"
    )


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "route_delay_7d": route_delay_7d,
    "route_late_share_30d": route_late_share_30d,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per origin, dest and stretch of time: the last one, known at its end."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS, EVERY)


VIEW: Final = relations.View(
    name="route_delays",
    source="flights",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "route_delay_7d": ("arr_delay",),
        "route_late_share_30d": ("is_late",),
    },
    window=timedelta(days=30),
    every=timedelta(hours=1),
)
