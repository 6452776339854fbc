"""Feature view `latest`, keyed by origin, from source `observations`.

The last report of the airport.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("origin",)
TTL: Final = timedelta(days=1)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("reported_at")


def temperature_now() -> duckdb.Expression:
    """Value of `temp`, in degF."""
    return duckdb.SQLExpression("temp")


def dew_point() -> duckdb.Expression:
    """Value of `dewp`, in degF."""
    return duckdb.SQLExpression("dewp")


def humidity() -> duckdb.Expression:
    """Value of `humid`, in %."""
    return duckdb.SQLExpression("humid")


def air_pressure() -> duckdb.Expression:
    """Value of `pressure`, in hPa."""
    return duckdb.SQLExpression("pressure")


def visibility() -> duckdb.Expression:
    """Value of `visib`, in mi."""
    return duckdb.SQLExpression("visib")


def north_wind() -> duckdb.Expression:
    """Value of `wind_from_north`, in mph."""
    return duckdb.SQLExpression("wind_from_north")


def east_wind() -> duckdb.Expression:
    """Value of `wind_from_east`, in mph."""
    return duckdb.SQLExpression("wind_from_east")


def temperature_mean_6h() -> duckdb.Expression:
    """Mean of `temp` over the 6 hours up to the row, in degF."""
    return duckdb.SQLExpression(
        "avg(temp) OVER ("
        "PARTITION BY origin "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 6 HOUR PRECEDING AND CURRENT ROW)"
    )


def temperature_mean_24h() -> duckdb.Expression:
    """Mean of `temp` over the 1 day up to the row, in degF."""
    return duckdb.SQLExpression(
        "avg(temp) OVER ("
        "PARTITION BY origin "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW)"
    )


def temperature_lowest_24h() -> duckdb.Expression:
    """Smallest value of `temp` over the 1 day up to the row, in degF."""
    return duckdb.SQLExpression(
        "min(temp) OVER ("
        "PARTITION BY origin "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW)"
    )


def temperature_highest_24h() -> duckdb.Expression:
    """Largest value of `temp` over the 1 day up to the row, in degF."""
    return duckdb.SQLExpression(
        "max(temp) OVER ("
        "PARTITION BY origin "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW)"
    )


def pressure_mean_6h() -> duckdb.Expression:
    """Mean of `pressure` over the 6 hours up to the row, in hPa."""
    return duckdb.SQLExpression(
        "avg(pressure) OVER ("
        "PARTITION BY origin "
        "ORDER BY event_timestamp "
        "RANGE BETWEEN INTERVAL 6 HOUR PRECEDING AND CURRENT ROW)"
    )


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "temperature_now": temperature_now,
    "dew_point": dew_point,
    "humidity": humidity,
    "air_pressure": air_pressure,
    "visibility": visibility,
    "north_wind": north_wind,
    "east_wind": east_wind,
    "temperature_mean_6h": temperature_mean_6h,
    "temperature_mean_24h": temperature_mean_24h,
    "temperature_lowest_24h": temperature_lowest_24h,
    "temperature_highest_24h": temperature_highest_24h,
    "pressure_mean_6h": pressure_mean_6h,
}
CATEGORIES: Final[tuple[str, ...]] = ()


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per origin and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="latest",
    source="observations",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "temperature_now": ("temp",),
        "dew_point": ("dewp",),
        "humidity": ("humid",),
        "air_pressure": ("pressure",),
        "visibility": ("visib",),
        "north_wind": ("wind_from_north",),
        "east_wind": ("wind_from_east",),
        "temperature_mean_6h": ("temp",),
        "temperature_mean_24h": ("temp",),
        "temperature_lowest_24h": ("temp",),
        "temperature_highest_24h": ("temp",),
        "pressure_mean_6h": ("pressure",),
    },
    window=timedelta(days=1),
)
