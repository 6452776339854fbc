"""Feature view `schedule`, keyed by flight_id, from source `flights`.

What the timetable says about the flight.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("flight_id",)
TTL: Final = timedelta(days=8)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("scheduled_departure - INTERVAL 7 DAY")


def departure_hour() -> duckdb.Expression:
    """Hour (0 to 23) of `scheduled_departure` on the clock of America/New_York."""
    return duckdb.SQLExpression(
        "date_part('hour', timezone('America/New_York', scheduled_departure))"
    )


def departure_weekday() -> duckdb.Expression:
    """Day of the week (1 is Monday) of `scheduled_departure` on the clock of America/New_York."""
    return duckdb.SQLExpression(
        "date_part('isodow', timezone('America/New_York', scheduled_departure))"
    )


def carrier_code() -> duckdb.Expression:
    """Category `carrier`."""
    return duckdb.SQLExpression("carrier")


def origin_airport() -> duckdb.Expression:
    """Category `origin`."""
    return duckdb.SQLExpression("origin")


def destination() -> duckdb.Expression:
    """Category `dest`."""
    return duckdb.SQLExpression("dest")


def distance() -> duckdb.Expression:
    """Value of `distance`, in mi."""
    return duckdb.SQLExpression("distance")


def seats() -> duckdb.Expression:
    """Value of `seats`."""
    return duckdb.SQLExpression("seats")


def plane_age() -> duckdb.Expression:
    """Value of `plane_age`, in years."""
    return duckdb.SQLExpression("plane_age")


def seats_per_mile() -> duckdb.Expression:
    """Value of `seats` by `distance`, in 1/mi."""
    return duckdb.SQLExpression("seats / nullif(distance, 0)")


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "departure_hour": departure_hour,
    "departure_weekday": departure_weekday,
    "carrier_code": carrier_code,
    "origin_airport": origin_airport,
    "destination": destination,
    "distance": distance,
    "seats": seats,
    "plane_age": plane_age,
    "seats_per_mile": seats_per_mile,
}
CATEGORIES: Final[tuple[str, ...]] = (
    "carrier_code",
    "origin_airport",
    "destination",
)


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per flight_id and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="schedule",
    source="flights",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "departure_hour": ("scheduled_departure",),
        "departure_weekday": ("scheduled_departure",),
        "carrier_code": ("carrier",),
        "origin_airport": ("origin",),
        "destination": ("dest",),
        "distance": ("distance",),
        "seats": ("seats",),
        "plane_age": ("plane_age",),
        "seats_per_mile": (
            "seats",
            "distance",
        ),
    },
)
