"""What a source looks like: columns with type and range, look-ups and derived columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["string", "integer", "number", "boolean", "timestamp"]

TYPES: Final[Mapping[Kind, str]] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
}


@dataclass(frozen=True)
class Column:
    """A column of the raw data; a row that breaks its type or range is quarantined."""

    name: str
    kind: Kind
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    description: str = ""


@dataclass(frozen=True)
class Derived(Column):
    """A column computed by an expression of DuckDB from the columns before it."""

    expression: str = "NULL"


@dataclass(frozen=True)
class Lookup:
    """Columns fetched from another source.

    `match` maps own columns to the other source's key, `columns` new names to its columns.
    """

    source: str
    match: Mapping[str, str]
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """A table of raw data with all that is known about it.

    `nulls` are the texts of a CSV file that stand for a missing value, beside the empty one.
    """

    name: str
    origin: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    nulls: tuple[str, ...] = ("NA",)
    event_time: str | None = None
    lookups: tuple[Lookup, ...] = ()
    derived: tuple[Derived, ...] = field(default=())
