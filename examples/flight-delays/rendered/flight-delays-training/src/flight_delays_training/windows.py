"""The windows of a challenger: as long as those of the first model, counted back from a round's end."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from .plan import COMPARED, WINDOWS, Window


def until(end: datetime) -> Mapping[str, Window]:
    """Test is where champion and challenger meet; validation lies before it, then train."""
    test = Window(end - COMPARED, end)
    validation = Window(test.start - _length("validation"), test.start)
    return {
        "train": Window(WINDOWS["train"].start, validation.start),
        "validation": validation,
        "test": test,
    }


def _length(name: str) -> timedelta:
    return WINDOWS[name].end - WINDOWS[name].start
