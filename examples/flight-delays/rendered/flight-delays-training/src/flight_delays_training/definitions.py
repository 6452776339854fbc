"""Entities and feature views of flight-delays in Feast.

Each view holds when its row became known, in microseconds: the SQLite online store keeps the
time of an event in whole seconds of the machine's own time zone.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from .quick_feast import (
    Entity,
    FeatureView,
    Field,
    FileSource,
    Float64,
    Int64,
    ParquetFormat,
    String,
    ValueType,
)

KEY: Final = "flight_id"
JOIN_KEYS: Final[tuple[str, ...]] = (
    "origin",
    "tailnum",
    "carrier",
    "dest",
)
KEY_VIEW: Final = "flight_keys"
# Every feature with its view, in the order of the product's features.
FEATURES: Final[Mapping[str, str]] = {
    "departure_hour": "schedule",
    "departure_weekday": "schedule",
    "carrier_code": "schedule",
    "origin_airport": "schedule",
    "destination": "schedule",
    "distance": "schedule",
    "seats": "schedule",
    "plane_age": "schedule",
    "seats_per_mile": "schedule",
    "temperature": "weather",
    "wind_speed": "weather",
    "precipitation": "weather",
    "pressure": "weather",
    "visibility": "weather",
    "plane_delay_1d": "plane_delays",
    "plane_delay_7d": "plane_delays",
    "plane_flights_7d": "plane_delays",
    "carrier_delay_1d": "carrier_delays",
    "carrier_late_share_7d": "carrier_delays",
    "route_delay_7d": "route_delays",
    "route_late_share_30d": "route_delays",
}
CATEGORIES: Final[tuple[str, ...]] = (
    "carrier_code",
    "origin_airport",
    "destination",
)
# What is older counts as missing. A key is known until a day after its instant.
TTLS: Final[Mapping[str, timedelta]] = {
    "flight_keys": timedelta(days=7) + timedelta(days=1),
    "schedule": timedelta(days=8),
    "weather": timedelta(hours=6),
    "plane_delays": timedelta(days=7),
    "carrier_delays": timedelta(days=7),
    "route_delays": timedelta(days=30),
}


def known_at(view: str) -> str:
    """The column of a view that says when its row became known."""
    return f"{view}__known_at"


def feature_views(folder: Path) -> tuple[FeatureView, ...]:
    """All views over the Parquet files in a folder, the key view first."""
    return (
        flight_keys(folder),
        schedule(folder),
        weather(folder),
        plane_delays(folder),
        carrier_delays(folder),
        route_delays(folder),
    )


def flight_keys(folder: Path) -> FeatureView:
    """The keys of the other views."""
    return FeatureView(
        name="flight_keys",
        entities=[
            entity("flight_id"),
        ],
        ttl=TTLS["flight_keys"],
        schema=[
            Field(name="flight_id", dtype=String),
            Field(name="origin", dtype=String),
            Field(name="tailnum", dtype=String),
            Field(name="carrier", dtype=String),
            Field(name="dest", dtype=String),
            Field(name=known_at("flight_keys"), dtype=Int64),
        ],
        source=_parquet(folder, "flight_keys"),
    )


def schedule(folder: Path) -> FeatureView:
    """Feature view by flight_id.

    What the timetable says about the flight.
    """
    return FeatureView(
        name="schedule",
        entities=[
            entity("flight_id"),
        ],
        ttl=TTLS["schedule"],
        schema=[
            Field(name="flight_id", dtype=String),
            Field(name="departure_hour", dtype=Float64),
            Field(name="departure_weekday", dtype=Float64),
            Field(name="carrier_code", dtype=String),
            Field(name="origin_airport", dtype=String),
            Field(name="destination", dtype=String),
            Field(name="distance", dtype=Float64),
            Field(name="seats", dtype=Float64),
            Field(name="plane_age", dtype=Float64),
            Field(name="seats_per_mile", dtype=Float64),
            Field(name=known_at("schedule"), dtype=Int64),
        ],
        source=_parquet(folder, "schedule"),
    )


def weather(folder: Path) -> FeatureView:
    """Feature view by origin.

    Last hour of observations at the airport of departure.
    """
    return FeatureView(
        name="weather",
        entities=[
            entity("origin"),
        ],
        ttl=TTLS["weather"],
        schema=[
            Field(name="origin", dtype=String),
            Field(name="temperature", dtype=Float64),
            Field(name="wind_speed", dtype=Float64),
            Field(name="precipitation", dtype=Float64),
            Field(name="pressure", dtype=Float64),
            Field(name="visibility", dtype=Float64),
            Field(name=known_at("weather"), dtype=Int64),
        ],
        source=_parquet(folder, "weather"),
    )


def plane_delays(folder: Path) -> FeatureView:
    """Feature view by tailnum.

    Delays of the same aircraft, as of its last landing.
    """
    return FeatureView(
        name="plane_delays",
        entities=[
            entity("tailnum"),
        ],
        ttl=TTLS["plane_delays"],
        schema=[
            Field(name="tailnum", dtype=String),
            Field(name="plane_delay_1d", dtype=Float64),
            Field(name="plane_delay_7d", dtype=Float64),
            Field(name="plane_flights_7d", dtype=Float64),
            Field(name=known_at("plane_delays"), dtype=Int64),
        ],
        source=_parquet(folder, "plane_delays"),
    )


def carrier_delays(folder: Path) -> FeatureView:
    """Feature view by carrier.

    Delays of the carrier, as of its last landing in each hour.
    """
    return FeatureView(
        name="carrier_delays",
        entities=[
            entity("carrier"),
        ],
        ttl=TTLS["carrier_delays"],
        schema=[
            Field(name="carrier", dtype=String),
            Field(name="carrier_delay_1d", dtype=Float64),
            Field(name="carrier_late_share_7d", dtype=Float64),
            Field(name=known_at("carrier_delays"), dtype=Int64),
        ],
        source=_parquet(folder, "carrier_delays"),
    )


def route_delays(folder: Path) -> FeatureView:
    """Feature view by origin, dest.

    Delays on the route, as of its last landing in each hour.
    """
    return FeatureView(
        name="route_delays",
        entities=[
            entity("origin"),
            entity("dest"),
        ],
        ttl=TTLS["route_delays"],
        schema=[
            Field(name="origin", dtype=String),
            Field(name="dest", dtype=String),
            Field(name="route_delay_7d", dtype=Float64),
            Field(name="route_late_share_30d", dtype=Float64),
            Field(name=known_at("route_delays"), dtype=Int64),
        ],
        source=_parquet(folder, "route_delays"),
    )


def entity(key: str) -> Entity:
    """What a view is keyed by."""
    return Entity(name=key, join_keys=[key], value_type=ValueType.STRING)


def _parquet(folder: Path, view: str) -> FileSource:
    return FileSource(
        name=f"{view}_source",
        path=str(folder / f"{view}.parquet"),
        timestamp_field="event_timestamp",
        file_format=ParquetFormat(),
    )
