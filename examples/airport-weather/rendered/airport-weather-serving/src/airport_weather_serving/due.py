"""Who is scored in batch: every hour of the next 1d."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import pandas as pd

from .faults import Fault
from .settings import Settings

KEY: Final = "observation_id"
JOIN_KEYS: Final[list[str]] = [
    "origin",
]
HORIZON: Final = timedelta(days=1)
# From the as-of time of training to observed_at.
LEAD: Final = timedelta(hours=6)
CHUNK: Final = 50_000  # rows scored at once


def window(settings: Settings) -> tuple[datetime, datetime]:
    """From when to when the as-of time of those who are due lies; the end is not in it."""
    return settings.clock - LEAD, settings.clock + HORIZON - LEAD


def nobody_due(settings: Settings) -> Fault:
    """What to tell the user when nobody is due."""
    now = settings.clock
    return Fault(
        f"no hour lies between {now.isoformat()} and "
        f"{(now + HORIZON).isoformat()}; set `clock` in settings/{settings.environment}.toml "
        "to an instant that the data cover"
    )


def due(settings: Settings) -> pd.DataFrame:
    """Those whose observed_at lies within the horizon, to be known as of now.

    Key, join keys and `event_timestamp`, in the order in which they come up.
    """
    start, end = window(settings)
    found = pd.read_parquet(
        settings.state / "features" / "entities.parquet",
        columns=[KEY, *JOIN_KEYS, "event_timestamp"],
        filters=[
            ("event_timestamp", ">=", pd.Timestamp(start)),
            ("event_timestamp", "<", pd.Timestamp(end)),
        ],
    ).sort_values(["event_timestamp", KEY], ignore_index=True)
    if found.empty:
        raise nobody_due(settings)
    found["event_timestamp"] = pd.Timestamp(settings.clock)
    return found


def chunks(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The frame in parts of `CHUNK` rows."""
    for start in range(0, len(frame), CHUNK):
        yield frame.iloc[start : start + CHUNK].reset_index(drop=True)
