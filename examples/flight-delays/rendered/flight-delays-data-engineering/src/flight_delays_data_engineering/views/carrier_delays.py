"""Feature view `carrier_delays`, keyed by carrier, from source `flights`.

Delays of the carrier, as of its last landing in each hour.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("carrier",)
TTL: Final = timedelta(days=7)  # an older feature counts as missing
EVERY: Final = "INTERVAL 1 HOUR"  # the last row of each such stretch of time is kept


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("landed_at")


def carrier_delay_1d() -> duckdb.Expression:
    """Mean of `arr_delay` over the 1 day up to the row, in min."""
    return duckdb.SQLExpression(
        "avg(arr_delay) OVER ("
        "PARTITION BY carrier "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW)"
    )


def carrier_late_share_7d() -> duckdb.Expression:
    """Mean of `is_late` over the 7 days up to the row."""
    return duckdb.SQLExpression(
        "avg(is_late) OVER ("
        "PARTITION BY carrier "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW)"
    )


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "carrier_delay_1d": carrier_delay_1d,
    "carrier_late_share_7d": carrier_late_share_7d,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per carrier and stretch of time: the last one, known at its end."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS, EVERY)


VIEW: Final = relations.View(
    name="carrier_delays",
    source="flights",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "carrier_delay_1d": ("arr_delay",),
        "carrier_late_share_7d": ("is_late",),
    },
    window=timedelta(days=7),
    every=timedelta(hours=1),
)
