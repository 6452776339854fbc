"""Feature view `booking`, keyed by booking_id, from source `bookings`.

What the hotel knows of a booking on the morning of the list.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import duckdb

from .. import relations

KEYS: Final = ("booking_id",)
TTL: Final = timedelta(days=2)  # an older feature counts as missing


def event_timestamp() -> duckdb.Expression:
    """The instant from which a row may be used."""
    return duckdb.SQLExpression("judged_at - INTERVAL 9 HOUR")


def hotel_kind() -> duckdb.Expression:
    """Category `hotel`."""
    return duckdb.SQLExpression("hotel")


def booked_ahead() -> duckdb.Expression:
    """Value of `lead_time`, in days."""
    return duckdb.SQLExpression("lead_time")


def days_to_arrival() -> duckdb.Expression:
    """Value of `days_left`, in days."""
    return duckdb.SQLExpression("days_left")


def arrival_weekday() -> duckdb.Expression:
    """Day of the week (1 is Monday) of `arrives_at` on the clock of Europe/Lisbon."""
    return duckdb.SQLExpression("date_part('isodow', timezone('Europe/Lisbon', arrives_at))")


def night_count() -> duckdb.Expression:
    """Value of `nights`, in nights."""
    return duckdb.SQLExpression("nights")


def weekend_nights() -> duckdb.Expression:
    """Value of `stays_in_weekend_nights`, in nights."""
    return duckdb.SQLExpression("stays_in_weekend_nights")


def guest_count() -> duckdb.Expression:
    """Value of `guests`."""
    return duckdb.SQLExpression("guests")


def guests_per_night() -> duckdb.Expression:
    """Value of `guests` by `nights`, in 1/night."""
    return duckdb.SQLExpression("guests / nullif(nights, 0)")


def board() -> duckdb.Expression:
    """Category `meal`."""
    return duckdb.SQLExpression("meal")


def segment() -> duckdb.Expression:
    """Category `market_segment`."""
    return duckdb.SQLExpression("market_segment")


def channel() -> duckdb.Expression:
    """Category `distribution_channel`."""
    return duckdb.SQLExpression("distribution_channel")


def kind_of_customer() -> duckdb.Expression:
    """Category `customer_type`."""
    return duckdb.SQLExpression("customer_type")


def room_type() -> duckdb.Expression:
    """Category `reserved_room_type`."""
    return duckdb.SQLExpression("reserved_room_type")


def for_a_company() -> duckdb.Expression:
    """Category `company_booking`."""
    return duckdb.SQLExpression("company_booking")


RULES: Final[Mapping[str, Callable[[], duckdb.Expression]]] = {
    "hotel_kind": hotel_kind,
    "booked_ahead": booked_ahead,
    "days_to_arrival": days_to_arrival,
    "arrival_weekday": arrival_weekday,
    "night_count": night_count,
    "weekend_nights": weekend_nights,
    "guest_count": guest_count,
    "guests_per_night": guests_per_night,
    "board": board,
    "segment": segment,
    "channel": channel,
    "kind_of_customer": kind_of_customer,
    "room_type": room_type,
    "for_a_company": for_a_company,
}
CATEGORIES: Final[tuple[str, ...]] = (
    "hotel_kind",
    "board",
    "segment",
    "channel",
    "kind_of_customer",
    "room_type",
    "for_a_company",
)


def feature_rows(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """One row per booking_id and instant."""
    known = relations.known(validated_rows, KEYS, event_timestamp())
    features = relations.computed(known, KEYS, RULES, CATEGORIES)
    return relations.latest(features, KEYS)


VIEW: Final = relations.View(
    name="booking",
    source="bookings",
    keys=KEYS,
    ttl=TTL,
    event_timestamp=event_timestamp,
    feature_rows=feature_rows,
    used={
        "hotel_kind": ("hotel",),
        "booked_ahead": ("lead_time",),
        "days_to_arrival": ("days_left",),
        "arrival_weekday": ("arrives_at",),
        "night_count": ("nights",),
        "weekend_nights": ("stays_in_weekend_nights",),
        "guest_count": ("guests",),
        "guests_per_night": (
            "guests",
            "nights",
        ),
        "board": ("meal",),
        "segment": ("market_segment",),
        "channel": ("distribution_channel",),
        "kind_of_customer": ("customer_type",),
        "room_type": ("reserved_room_type",),
        "for_a_company": ("company_booking",),
    },
)
