"""What is learnt from what, over which windows, and when it is good enough.

The columns follow the feature views of the product; the rest is the data scientist's to change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .trials import Range

KEY: Final = "observation_id"
LABEL: Final = "temperature"

# Columns of the model in their order, each with its type.
FEATURES: Final[Mapping[str, str]] = {
    "hour_of_day": "number",
    "airport": "category",
    "temperature_now": "number",
    "dew_point": "number",
    "humidity": "number",
    "air_pressure": "number",
    "visibility": "number",
    "north_wind": "number",
    "east_wind": "number",
    "temperature_mean_6h": "number",
    "temperature_mean_24h": "number",
    "temperature_lowest_24h": "number",
    "temperature_highest_24h": "number",
    "pressure_mean_6h": "number",
    "temperature_day_before": "number",
}
UNITS: Final[Mapping[str, str]] = {
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

SEED: Final = 6
TRIALS: Final = 4
SPACE: Final[Mapping[str, Range]] = {
    "max_depth": Range(3, 6, integer=True),
    "learning_rate": Range(0.05, 0.3, log=True),
    "min_child_weight": Range(5, 50, log=True),
}
# Trees are added until the validation window no longer improves for so many rounds.
MOST_ROUNDS: Final = 400
PATIENCE: Final = 20

# The baseline predicts the mean of the rows that agree in these features.
BASELINE: Final[tuple[str, ...]] = (
    "hour_of_day",
    "airport",
)
SLICES: Final[tuple[str, ...]] = (
    "airport",
    "hour_of_day",
)

METRIC: Final = "rmse"
HIGHER_IS_BETTER: Final = False
# Promoted only if the test window says so.
MAXIMUM: Final = 5
BETTER_THAN_BASELINE_BY: Final = 1

# Champion and challenger are compared on the latest labelled rows, so long back from the clock.
COMPARED: Final = timedelta(days=28)
# False: a challenger takes the champion's parameters, and only its trees are learnt anew.
SEARCH_AGAIN: Final = False
# A challenger is promoted if it is better by more than this ...
BETTER_BY: Final = 0
# ... in at least this share of the resamples of the window's days.
CONFIDENCE: Final = 0.9
# With fewer days than these, chance cannot be told from change.
FEWEST_DAYS: Final = 5
