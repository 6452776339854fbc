"""The feature views of airport-weather as they are stored: keys, features and time to live."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

Kind = Literal["DOUBLE", "VARCHAR"]


@dataclass(frozen=True)
class Stored:
    """A view: what it is keyed by, its features with their type, and from which age it is stale."""

    name: str
    keys: tuple[str, ...]
    features: Mapping[str, Kind]
    ttl: timedelta


KEY: Final = "observation_id"
JOIN_KEYS: Final[tuple[str, ...]] = ("origin",)
# A key is known from when it is published until a day after its instant.
KEY_VIEW: Final = Stored(
    name="hour_keys",
    keys=("observation_id",),
    features={
        "origin": "VARCHAR",
    },
    ttl=timedelta(days=7) + timedelta(days=1),
)
VIEWS: Final[tuple[Stored, ...]] = (
    Stored(
        name="place_and_hour",
        keys=("observation_id",),
        features={
            "hour_of_day": "DOUBLE",
            "airport": "VARCHAR",
        },
        ttl=timedelta(days=8),
    ),
    Stored(
        name="latest",
        keys=("origin",),
        features={
            "temperature_now": "DOUBLE",
            "dew_point": "DOUBLE",
            "humidity": "DOUBLE",
            "air_pressure": "DOUBLE",
            "visibility": "DOUBLE",
            "north_wind": "DOUBLE",
            "east_wind": "DOUBLE",
            "temperature_mean_6h": "DOUBLE",
            "temperature_mean_24h": "DOUBLE",
            "temperature_lowest_24h": "DOUBLE",
            "temperature_highest_24h": "DOUBLE",
            "pressure_mean_6h": "DOUBLE",
        },
        ttl=timedelta(days=1),
    ),
    Stored(
        name="day_before",
        keys=("origin",),
        features={
            "temperature_day_before": "DOUBLE",
        },
        ttl=timedelta(hours=2),
    ),
)
FEATURES: Final[Mapping[str, Kind]] = {
    name: kind for view in VIEWS for name, kind in view.features.items()
}
