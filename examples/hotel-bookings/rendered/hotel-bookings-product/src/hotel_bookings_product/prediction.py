"""The prediction that the probe got from the service, beside its features."""

from collections.abc import Mapping
from typing import Any, Final

from .documents import read_document
from .settings import Settings

ENTITY: Final = "Booking"

# Unit of each feature, in the order of the product's spec.
UNITS: Final[Mapping[str, str]] = {
    "hotel_kind": "",
    "booked_ahead": "days",
    "days_to_arrival": "days",
    "arrival_weekday": "",
    "night_count": "nights",
    "weekend_nights": "nights",
    "guest_count": "",
    "guests_per_night": "1/night",
    "board": "",
    "segment": "",
    "channel": "",
    "kind_of_customer": "",
    "room_type": "",
    "for_a_company": "",
    "rooms_together": "",
    "agent_lost_share": "",
    "agent_bookings": "",
    "segment_lost_share_7d": "",
    "segment_lost_share_28d": "",
}


def prediction_text(settings: Settings) -> str:
    """The prediction as a table for the terminal; empty when nothing was predicted yet."""
    example = read_document(settings.state, "probe").get("example") or {}
    if "prediction" not in example:
        return ""
    width = max(len(name) for name in UNITS) + 2
    lines = [
        f"{ENTITY} {example.get('key', '')}, model version {example.get('model_version', '?')}",
        f"  {answer_text(example['prediction'])}",
        "",
        *(
            f"    {name:<{width}}{value_text(value):>12}  {UNITS.get(name, '')}".rstrip()
            for name, value in example.get("features", {}).items()
        ),
        "",
    ]
    return "\n".join(lines)


def answer_text(prediction: float) -> str:
    """The answer in words."""
    return f"probability of comes_to_nothing: {prediction:.1%}"


def value_text(value: Any) -> str:
    """A feature's value, short."""
    if value is None:
        return "unknown"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if value != value:  # NaN is an absent number
        return "unknown"
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
