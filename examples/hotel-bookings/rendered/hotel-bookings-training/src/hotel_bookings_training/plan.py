"""What is learnt from what, over which windows, and when it is good enough.

The columns follow the feature views of the product; the rest is the data scientist's to change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .trials import Range

KEY: Final = "booking_id"
LABEL: Final = "comes_to_nothing"

# Columns of the model in their order, each with its type.
FEATURES: Final[Mapping[str, str]] = {
    "hotel_kind": "category",
    "booked_ahead": "number",
    "days_to_arrival": "number",
    "arrival_weekday": "number",
    "night_count": "number",
    "weekend_nights": "number",
    "guest_count": "number",
    "guests_per_night": "number",
    "board": "category",
    "segment": "category",
    "channel": "category",
    "kind_of_customer": "category",
    "room_type": "category",
    "for_a_company": "category",
    "rooms_together": "number",
    "agent_lost_share": "number",
    "agent_bookings": "number",
    "segment_lost_share_7d": "number",
    "segment_lost_share_28d": "number",
}
UNITS: Final[Mapping[str, str]] = {
    "booked_ahead": "days",
    "days_to_arrival": "days",
    "night_count": "nights",
    "weekend_nights": "nights",
    "guests_per_night": "1/night",
}


@dataclass(frozen=True)
class Window:
    """From the start to just before the end, over the as-of time."""

    start: datetime
    end: datetime


# A label counts only if it was known by the end of its window.
WINDOWS: Final[Mapping[str, Window]] = {
    "train": Window(
        datetime.fromisoformat("2015-06-24T00:00:00Z"),
        datetime.fromisoformat("2015-08-26T00:00:00Z"),
    ),
    "validation": Window(
        datetime.fromisoformat("2015-08-26T00:00:00Z"),
        datetime.fromisoformat("2015-09-16T00:00:00Z"),
    ),
    "test": Window(
        datetime.fromisoformat("2015-09-16T00:00:00Z"),
        datetime.fromisoformat("2015-10-07T00:00:00Z"),
    ),
}

SEED: Final = 2015
TRIALS: Final = 6
SPACE: Final[Mapping[str, Range]] = {
    "max_depth": Range(2, 4, integer=True),
    "learning_rate": Range(0.03, 0.2, log=True),
    "min_child_weight": Range(3, 30, log=True),
    "subsample": Range(0.6, 1.0),
    "colsample_bytree": Range(0.4, 1.0),
}
# Trees are added until the validation window no longer improves for so many rounds.
MOST_ROUNDS: Final = 400
PATIENCE: Final = 20

# The baseline predicts the rate of the rows that agree in these features.
BASELINE: Final[tuple[str, ...]] = ("hotel_kind",)
SLICES: Final[tuple[str, ...]] = (
    "hotel_kind",
    "segment",
)

METRIC: Final = "roc_auc"
HIGHER_IS_BETTER: Final = True
# Promoted only if the test window says so.
MINIMUM: Final = 0.55
BETTER_THAN_BASELINE_BY: Final = 0

# Champion and challenger are compared on the latest labelled rows, so long back from the clock.
COMPARED: Final = timedelta(days=21)
# False: a challenger takes the champion's parameters, and only its trees are learnt anew.
SEARCH_AGAIN: Final = False
# A challenger is promoted if it is better by more than this ...
BETTER_BY: Final = 0
# ... in at least this share of the resamples of the window's days.
CONFIDENCE: Final = 0.8
# With fewer days than these, chance cannot be told from change.
FEWEST_DAYS: Final = 5
