"""Feature view `segment_history`, keyed by hotel and market_segment, from source `bookings`.

What became of the segment's bookings that were on the lists.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = (
    "hotel",
    "market_segment",
)
TTL: Final = timedelta(days=28)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("arrived_by")


def segment_lost_share_7d() -> duckdb.Expression:
    """Mean of `lost` over the 7 days up to the row."""
    return duckdb.SQLExpression(
        "avg(lost) OVER ("
        "PARTITION BY hotel, market_segment "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW)"
    )


def segment_lost_share_28d() -> duckdb.Expression:
    """Mean of `lost` over the 28 days up to the row."""
    return duckdb.SQLExpression(
        "avg(lost) OVER ("
        "PARTITION BY hotel, market_segment "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 28 DAY PRECEDING AND CURRENT ROW)"
    )


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "segment_lost_share_7d": segment_lost_share_7d,
    "segment_lost_share_28d": segment_lost_share_28d,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per hotel, market_segment and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="segment_history",
    source="bookings",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "segment_lost_share_7d": ("lost",),
        "segment_lost_share_28d": ("lost",),
    },
    window=timedelta(days=28),
)
