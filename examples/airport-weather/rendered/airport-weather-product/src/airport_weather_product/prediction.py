"""The prediction that the probe got from the service, beside its features."""

from collections.abc import Mapping
from typing import Any, Final

from .documents import read_document
from .settings import Settings

ENTITY: Final = "Hour"

# Unit of each feature, in the order of the product's spec.
UNITS: Final[Mapping[str, str]] = {
    "hour_of_day": "",
    "airport": "",
    "temperature_now": "degF",
    "dew_point": "degF",
    "humidity": "%",
    "air_pressure": "hPa",
    "visibility": "mi",
    "north_wind": "mph",
    "east_wind": "mph",
    "temperature_mean_6h": "degF",
    "temperature_mean_24h": "degF",
    "temperature_lowest_24h": "degF",
    "temperature_highest_24h": "degF",
    "pressure_mean_6h": "hPa",
    "temperature_day_before": "degF",
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
    return f"temperature: {prediction:.2f}"


def value_text(value: Any) -> str:
    """A feature's value, short."""
    if value is None:
        return "unknown"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if value != value:  # NaN is an absent number
        return "unknown"
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
