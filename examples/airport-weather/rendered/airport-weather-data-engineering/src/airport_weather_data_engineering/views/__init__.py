"""The feature views of airport-weather, one module each."""

from typing import Final

from ..relations import View
from . import (
    day_before,
    latest,
    place_and_hour,
)

VIEWS: Final[tuple[View, ...]] = (
    place_and_hour.VIEW,
    latest.VIEW,
    day_before.VIEW,
)
