"""Feature view `place_and_hour`, keyed by observation_id, from source `observations`.

Which hour of which airport it is.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("observation_id",)
TTL: Final = timedelta(days=8)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("observed_at - INTERVAL 7 DAY")


def hour_of_day() -> duckdb.Expression:
    """Hour (0 to 23) of `observed_at` on the clock of America/New_York."""
    return duckdb.SQLExpression("date_part('hour', timezone('America/New_York', observed_at))")


def airport() -> duckdb.Expression:
    """Category `origin`."""
    return duckdb.SQLExpression("origin")


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "hour_of_day": hour_of_day,
    "airport": airport,
}
CATEGORIES: Final[tuple[str, ...]] = ("airport",)


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per observation_id and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="place_and_hour",
    source="observations",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "hour_of_day": ("observed_at",),
        "airport": ("origin",),
    },
)
