"""Feature view `weather`, keyed by origin, from source `weather`.

Last hour of observations at the airport of departure.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("origin",)
TTL: Final = timedelta(hours=6)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("observed_at + INTERVAL 1 HOUR")


def temperature() -> duckdb.Expression:
    """Value of `temp`, in degF."""
    return duckdb.SQLExpression("temp")


def wind_speed() -> duckdb.Expression:
    """Value of `wind_speed`, in mph."""
    return duckdb.SQLExpression("wind_speed")


def precipitation() -> duckdb.Expression:
    """Value of `precip`, in in."""
    return duckdb.SQLExpression("precip")


def pressure() -> duckdb.Expression:
    """Value of `pressure`, in hPa."""
    return duckdb.SQLExpression("pressure")


def visibility() -> duckdb.Expression:
    """Value of `visib`, in mi."""
    return duckdb.SQLExpression("visib")


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "temperature": temperature,
    "wind_speed": wind_speed,
    "precipitation": precipitation,
    "pressure": pressure,
    "visibility": visibility,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per origin and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="weather",
    source="weather",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "temperature": ("temp",),
        "wind_speed": ("wind_speed",),
        "precipitation": ("precip",),
        "pressure": ("pressure",),
        "visibility": ("visib",),
    },
)
