"""Feature view `agent_history`, keyed by hotel and agent_code, from source `bookings`.

What became of the agent's bookings that were on the lists.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = (
    "hotel",
    "agent_code",
)
TTL: Final = timedelta(days=28)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("arrived_by")


def agent_lost_share() -> duckdb.Expression:
    """Mean of `lost` over the 28 days up to the row."""
    return duckdb.SQLExpression(
        "avg(lost) OVER ("
        "PARTITION BY hotel, agent_code "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 28 DAY PRECEDING AND CURRENT ROW)"
    )


def agent_bookings() -> duckdb.Expression:
    """Number of values of `lost` over the 28 days up to the row."""
    return duckdb.SQLExpression(
        "count(lost) OVER ("
        "PARTITION BY hotel, agent_code "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 28 DAY PRECEDING AND CURRENT ROW)"
    )


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "agent_lost_share": agent_lost_share,
    "agent_bookings": agent_bookings,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per hotel, agent_code and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="agent_history",
    source="bookings",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "agent_lost_share": ("lost",),
        "agent_bookings": ("lost",),
    },
    window=timedelta(days=28),
)
