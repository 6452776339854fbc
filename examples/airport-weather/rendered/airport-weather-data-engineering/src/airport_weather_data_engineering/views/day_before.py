"""Feature view `day_before`, keyed by origin, from source `observations`.

The same hour of the day before.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("origin",)
TTL: Final = timedelta(hours=2)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("observed_at + INTERVAL 18 HOUR")


def temperature_day_before() -> duckdb.Expression:
    """Value of `temp`, in degF."""
    return duckdb.SQLExpression("temp")


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "temperature_day_before": temperature_day_before,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per origin and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="day_before",
    source="observations",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "temperature_day_before": ("temp",),
    },
)
