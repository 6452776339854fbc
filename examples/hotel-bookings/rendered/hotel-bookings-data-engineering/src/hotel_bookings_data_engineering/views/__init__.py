"""The feature views of hotel-bookings, one module each."""

from typing import Final

from ..relations import View
from . import (
    agent_history,
    booking,
    party_size,
    segment_history,
)

VIEWS: Final[tuple[View, ...]] = (
    booking.VIEW,
    party_size.VIEW,
    agent_history.VIEW,
    segment_history.VIEW,
)
