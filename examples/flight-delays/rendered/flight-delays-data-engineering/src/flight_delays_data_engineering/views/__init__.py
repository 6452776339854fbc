"""The feature views of flight-delays, one module each."""

from typing import Final

from ..relations import View
from . import (
    carrier_delays,
    plane_delays,
    route_delays,
    schedule,
    weather,
)

VIEWS: Final[tuple[View, ...]] = (
    schedule.VIEW,
    weather.VIEW,
    plane_delays.VIEW,
    carrier_delays.VIEW,
    route_delays.VIEW,
)
