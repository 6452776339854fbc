"""Small random tables in the shape of the sources: typed, with ties, nulls and few keys."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import duckdb
import pyarrow as pa

from hotel_bookings_data_engineering.run_record import Run, Step
from hotel_bookings_data_engineering.settings import Settings
from hotel_bookings_data_engineering.sources import SOURCES
from hotel_bookings_data_engineering.tables import Column, Source

Row = dict[str, Any]
StepFunction = Callable[[Settings, Run], None]

NOON: Final = datetime(2020, 6, 15, 12, tzinfo=UTC)
ARROW: Final = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
}


def columns(source: Source) -> Mapping[str, Column]:
    """Every column of a validated source, without `source_row`."""
    found = {column.name: column for column in source.columns}
    for lookup in source.lookups:
        theirs = columns(SOURCES[lookup.source])
        found |= {own: theirs[name] for own, name in lookup.columns.items()}
    return found | {column.name: column for column in source.derived}


def random_rows(source: Source, seed: int, count: int = 120) -> list[Row]:
    """Rows of a validated source."""
    chance = random.Random(seed)
    return [
        {
            "source_row": number + 1,
            **{name: value(name, column, chance) for name, column in columns(source).items()},
        }
        for number in range(count)
    ]


def value(name: str, column: Column, chance: random.Random) -> Any:
    """A value that the column may hold; keys repeat and instants meet."""
    if column.nullable and chance.random() < 0.15:
        return None
    low = -100.0 if column.minimum is None else column.minimum
    high = low + 200 if column.maximum is None else min(column.maximum, low + 200)
    if column.kind == "number":
        return round(chance.uniform(low, high), 3)
    if column.kind == "integer":
        return chance.randint(int(low), int(high))
    if column.kind == "boolean":
        return chance.random() < 0.5
    if column.kind == "timestamp":
        return instant(chance)
    return f"{name}-{chance.randint(0, 2)}"


def instant(chance: random.Random) -> datetime:
    """An instant near others: some days before and after, a few hours around noon."""
    days = chance.choice([-20, -9, -8, -3, -2, -1, -1, 0, 0, 1])
    return NOON + timedelta(days=days, minutes=20 * chance.randint(-9, 9))


def table(source: Source, rows: Sequence[Row]) -> pa.Table:
    """Rows as a table with the types of the validated source."""
    fields = [("source_row", pa.int64())]
    fields += [(name, ARROW[column.kind]) for name, column in columns(source).items()]
    return pa.Table.from_pylist(list(rows), schema=pa.schema(fields))


def relation(
    connection: duckdb.DuckDBPyConnection, source: Source, rows: Sequence[Row]
) -> duckdb.DuckDBPyRelation:
    """Rows as the views meet them."""
    return connection.from_arrow(table(source, rows))


def dictionaries(found: duckdb.DuckDBPyRelation) -> list[Row]:
    """Rows of a relation."""
    names = found.columns
    return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


def run(settings: Settings, function: StepFunction, output: str) -> Run:
    """Run a step as the runner does."""
    target = settings.state / output
    step = Run(Step(name="test", summary="", call="", outputs=(target,)), "test", 0)
    function(settings, step)
    step.staged(target).replace(target)
    return step
