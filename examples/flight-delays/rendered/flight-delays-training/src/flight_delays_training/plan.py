"""What is learnt from what, over which windows, and when it is good enough.

The columns follow the feature views of the product; the rest is the data scientist's to change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .trials import Range

KEY: Final = "flight_id"
LABEL: Final = "late"

# Columns of the model in their order, each with its type.
FEATURES: Final[Mapping[str, str]] = {
    "departure_hour": "number",
    "departure_weekday": "number",
    "carrier_code": "category",
    "origin_airport": "category",
    "destination": "category",
    "distance": "number",
    "seats": "number",
    "plane_age": "number",
    "seats_per_mile": "number",
    "temperature": "number",
    "wind_speed": "number",
    "precipitation": "number",
    "pressure": "number",
    "visibility": "number",
    "plane_delay_1d": "number",
    "plane_delay_7d": "number",
    "plane_flights_7d": "number",
    "carrier_delay_1d": "number",
    "carrier_late_share_7d": "number",
    "route_delay_7d": "number",
    "route_late_share_30d": "number",
}
UNITS: Final[Mapping[str, str]] = {
    "distance": "mi",
    "plane_age": "years",
    "seats_per_mile": "1/mi",
    "temperature": "degF",
    "wind_speed": "mph",
    "precipitation": "in",
    "pressure": "hPa",
    "visibility": "mi",
    "plane_delay_1d": "min",
    "plane_delay_7d": "min",
    "carrier_delay_1d": "min",
    "route_delay_7d": "min",
}


@dataclass(frozen=True)
class Window:
    """From the start to just before the end, over the as-of time."""

    start: datetime
    end: datetime


# A label counts only if it was known by the end of its window.
WINDOWS: Final[Mapping[str, Window]] = {
    "train": Window(
        datetime.fromisoformat("2013-01-08T00:00:00Z"),
        datetime.fromisoformat("2013-08-01T00:00:00Z"),
    ),
    "validation": Window(
        datetime.fromisoformat("2013-08-01T00:00:00Z"),
        datetime.fromisoformat("2013-09-01T00:00:00Z"),
    ),
    "test": Window(
        datetime.fromisoformat("2013-09-01T00:00:00Z"),
        datetime.fromisoformat("2013-10-01T00:00:00Z"),
    ),
}

SEED: Final = 2013
TRIALS: Final = 6
SPACE: Final[Mapping[str, Range]] = {
    "max_depth": Range(3, 7, integer=True),
    "learning_rate": Range(0.05, 0.3, log=True),
    "min_child_weight": Range(1, 50, log=True),
    "subsample": Range(0.6, 1.0),
}
# Trees are added until the validation window no longer improves for so many rounds.
MOST_ROUNDS: Final = 400
PATIENCE: Final = 20

# The baseline predicts the rate of the rows that agree in these features.
BASELINE: Final[tuple[str, ...]] = (
    "carrier_code",
    "departure_hour",
)
SLICES: Final[tuple[str, ...]] = (
    "carrier_code",
    "origin_airport",
)

METRIC: Final = "roc_auc"
HIGHER_IS_BETTER: Final = True
# Promoted only if the test window says so.
MINIMUM: Final = 0.66
BETTER_THAN_BASELINE_BY: Final = 0.02

# Champion and challenger are compared on the latest labelled rows, so long back from the clock.
COMPARED: Final = timedelta(days=28)
# False: a challenger takes the champion's parameters, and only its trees are learnt anew.
SEARCH_AGAIN: Final = False
# A challenger is promoted if it is better by more than this ...
BETTER_BY: Final = 0.0
# ... in at least this share of the resamples of the window's days.
CONFIDENCE: Final = 0.9
# With fewer days than these, chance cannot be told from change.
FEWEST_DAYS: Final = 5
