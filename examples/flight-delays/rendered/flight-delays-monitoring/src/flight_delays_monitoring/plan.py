"""What is watched and from which threshold on it is worth a person's time; light to import."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

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
# The time before the clock that is compared with what the model was trained on.
WINDOW: Final = timedelta(days=14)

# A feature has drifted when its distance is above this and above its own control.
DRIFT_DISTANCE: Final = 0.1
# The data have drifted when this share of the features has.
DRIFT_SHARE: Final = 0.5
# Missing values of a feature beyond this share are a fault of the data.
NULL_SHARE: Final = 0.2

# With fewer rows than these nothing is judged.
FEWEST_ROWS: Final = 100
# A distance needs no more rows than these: a larger table is thinned evenly over its time.
MOST_ROWS: Final = 20_000
# So many windows of the reference are compared with the rest of it, as a control.
EARLIER_WINDOWS: Final = 3

# The metric by which a model was accepted tells whether it is still good.
METRIC: Final = "roc_auc"
# Each of these makes the loop train a challenger; None is off.
QUALITY_DROP: Final[float | None] = 0.02
DRIFT_RETRAINS: Final = False
EVERY: Final[timedelta | None] = timedelta(days=90)
NEW_ROWS: Final[int | None] = None
# Draws of days by which chance is judged start from here.
SEED: Final = 2013
# With fewer days than these, chance cannot be told from change.
FEWEST_DAYS: Final = 5
