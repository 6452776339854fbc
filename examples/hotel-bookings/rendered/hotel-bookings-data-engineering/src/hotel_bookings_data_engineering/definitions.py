"""The feature views of hotel-bookings as they are stored: keys, features and time to live."""

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


KEY: Final = "booking_id"
JOIN_KEYS: Final[tuple[str, ...]] = (
    "party",
    "hotel",
    "agent_code",
    "market_segment",
)
# A key is known from when it is published until a day after its instant.
KEY_VIEW: Final = Stored(
    name="booking_keys",
    keys=("booking_id",),
    features={
        "party": "VARCHAR",
        "hotel": "VARCHAR",
        "agent_code": "VARCHAR",
        "market_segment": "VARCHAR",
    },
    ttl=timedelta(hours=9) + timedelta(days=1),
)
VIEWS: Final[tuple[Stored, ...]] = (
    Stored(
        name="booking",
        keys=("booking_id",),
        features={
            "hotel_kind": "VARCHAR",
            "booked_ahead": "DOUBLE",
            "days_to_arrival": "DOUBLE",
            "arrival_weekday": "DOUBLE",
            "night_count": "DOUBLE",
            "weekend_nights": "DOUBLE",
            "guest_count": "DOUBLE",
            "guests_per_night": "DOUBLE",
            "board": "VARCHAR",
            "segment": "VARCHAR",
            "channel": "VARCHAR",
            "kind_of_customer": "VARCHAR",
            "room_type": "VARCHAR",
            "for_a_company": "VARCHAR",
        },
        ttl=timedelta(days=2),
    ),
    Stored(
        name="party_size",
        keys=("party",),
        features={
            "rooms_together": "DOUBLE",
        },
        ttl=timedelta(days=2),
    ),
    Stored(
        name="agent_history",
        keys=(
            "hotel",
            "agent_code",
        ),
        features={
            "agent_lost_share": "DOUBLE",
            "agent_bookings": "DOUBLE",
        },
        ttl=timedelta(days=28),
    ),
    Stored(
        name="segment_history",
        keys=(
            "hotel",
            "market_segment",
        ),
        features={
            "segment_lost_share_7d": "DOUBLE",
            "segment_lost_share_28d": "DOUBLE",
        },
        ttl=timedelta(days=28),
    ),
)
FEATURES: Final[Mapping[str, Kind]] = {
    name: kind for view in VIEWS for name, kind in view.features.items()
}
