"""Feature view `plane_delays`, keyed by tailnum, from source `flights`.

Delays of the same aircraft, as of its last landing.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("tailnum",)
TTL: Final = timedelta(days=7)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("landed_at")


def plane_delay_1d() -> duckdb.Expression:
    """Mean of `arr_delay` over the 1 day up to the row, in min."""
    return duckdb.SQLExpression(
        "avg(arr_delay) OVER ("
        "PARTITION BY tailnum "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW)"
    )


def plane_delay_7d() -> duckdb.Expression:
    """Mean of `arr_delay` over the 7 days up to the row, in min."""
    return duckdb.SQLExpression(
        "avg(arr_delay) OVER ("
        "PARTITION BY tailnum "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW)"
    )


def plane_flights_7d() -> duckdb.Expression:
    """Number of values of `arr_delay` over the 7 days up to the row."""
    return duckdb.SQLExpression(
        "count(arr_delay) OVER ("
        "PARTITION BY tailnum "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW)"
    )


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "plane_delay_1d": plane_delay_1d,
    "plane_delay_7d": plane_delay_7d,
    "plane_flights_7d": plane_flights_7d,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per tailnum and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="plane_delays",
    source="flights",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "plane_delay_1d": ("arr_delay",),
        "plane_delay_7d": ("arr_delay",),
        "plane_flights_7d": ("arr_delay",),
    },
    window=timedelta(days=7),
)
