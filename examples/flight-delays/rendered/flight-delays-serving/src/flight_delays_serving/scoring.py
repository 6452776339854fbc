"""From rows to predictions: what a row must hold, and the model that scores it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from .faults import Fault
from .model import Model

PROBLEM: Final[str] = "binary-classification"
LABEL: Final[str] = "late"

# What a row holds: every feature with its type, in the order of the training set.
FEATURES: Final[Mapping[str, str]] = {
    "departure_hour": "number",
    "departure_weekday": "number",
    "carrier_code": "category",
    "origin_airport": "category",
    "destination": "category",
    "distance": "number",  # mi
    "seats": "number",
    "plane_age": "number",  # years
    "seats_per_mile": "number",  # 1/mi
    "temperature": "number",  # degF
    "wind_speed": "number",  # mph
    "precipitation": "number",  # in
    "pressure": "number",  # hPa
    "visibility": "number",  # mi
    "plane_delay_1d": "number",  # min
    "plane_delay_7d": "number",  # min
    "plane_flights_7d": "number",
    "carrier_delay_1d": "number",  # min
    "carrier_late_share_7d": "number",
    "route_delay_7d": "number",  # min
    "route_late_share_30d": "number",
}
LARGEST: Final = float(np.finfo(np.float32).max)  # the model computes in single precision
LONGEST: Final = 200  # characters of a category
NO_VALUE: Final[Any] = object()
Row = dict[str, float | str | None]


@dataclass(frozen=True)
class Reason:
    """Why a value of a row cannot be scored."""

    row: int
    field: str
    reason: str


class BadRows(ValueError):
    """Rows that cannot be scored, with every reason that was found."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        first = reasons[0]
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        super().__init__(f"row {first.row}: {first.field} {first.reason}{more}")
        self.reasons = tuple(reasons)


def checked_rows(rows: Sequence[object]) -> list[Row]:
    """Full rows with features in the order of `FEATURES`; `BadRows` names all that is wrong."""
    good = [_checked(row) for row in rows]
    found = [row for row in good if row is not None]
    if len(found) < len(good):
        bad = [(number, row) for number, row in enumerate(rows) if good[number] is None]
        raise BadRows([reason for number, row in bad for reason in _reasons(number, row)])
    return found


def _checked(row: object) -> Row | None:
    """The row if it can be scored; what is wrong with it is asked only when it cannot."""
    if not isinstance(row, Mapping) or len(row) != len(FEATURES):
        return None
    values: Row = {}
    for name, type_ in FEATURES.items():
        value = row.get(name, NO_VALUE)
        kind = type(value)
        if value is None:
            values[name] = None
        elif type_ == "category":
            if kind is not str or len(value) > LONGEST:
                return None
            values[name] = value
        elif kind in (float, int) and -LARGEST <= value <= LARGEST:
            values[name] = float(value)
        else:
            return None
    return values


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """The features of a frame as plain rows: what is missing becomes None."""
    columns = [frame[name].tolist() for name in FEATURES]
    return [
        {name: _plain(value) for name, value in zip(FEATURES, values, strict=True)}
        for values in zip(*columns, strict=True)
    ]


@dataclass(frozen=True)
class Scorer:
    """A version of the model that fits this repository's features."""

    model: Model
    version: str

    def __post_init__(self) -> None:
        trained = {feature.name: feature.type for feature in self.model.features}
        problem, label = self.model.signature.get("problem"), self.model.signature.get("label")
        wrong = sorted(name for name in trained if FEATURES.get(name) != trained[name])
        if problem != PROBLEM or label != LABEL:
            wrong.append(f"{problem} of {label}")
        if wrong:
            raise Fault(
                f"model version {self.version} does not fit this service ({', '.join(wrong)}); "
                "promote a version that was trained for it, or deploy the service that fits"
            )

    def predict_rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with `prediction` and `model_version`; columns are taken by name."""
        return frame.assign(prediction=self.model.predict(frame), model_version=self.version)

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        """One prediction per plain row; equal to those of `predict_rows`, bit by bit."""
        return self.model.predict_rows(rows)


def _reasons(number: int, row: object) -> list[Reason]:
    if not isinstance(row, Mapping):
        return [Reason(number, "row", "must be an object of feature and value")]
    unknown = [str(name)[:LONGEST] for name in row if name not in FEATURES]
    found = [(name, _reason(row, name, type_)) for name, type_ in FEATURES.items()]
    return [
        *(Reason(number, name, "is no feature") for name in unknown),
        *(Reason(number, name, reason) for name, reason in found if reason),
    ]


def _reason(row: Mapping[str, Any], name: str, type_: str) -> str:
    """What is wrong with one value; empty when nothing is."""
    if name not in row:
        return "is missing; write null where the value is not known"
    value = row[name]
    if value is None:
        return ""
    if type_ == "category":
        if not isinstance(value, str):
            return "must be a string or null"
        return "" if len(value) <= LONGEST else f"is longer than {LONGEST} characters"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number or null"
    # Compared before it is converted: an integer of JSON has no limit.
    return "" if -LARGEST <= value <= LARGEST else "is not finite or too large"


def _plain(value: Any) -> float | str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str) else float(value)
