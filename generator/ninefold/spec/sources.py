"""The raw data: columns, look-ups in other sources, and derived columns."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ninefold.spec.base import Part
from ninefold.spec.text import (
    Expression,
    FilePath,
    Identifier,
    Line,
    NullText,
    PackageFile,
    PackageName,
    Unit,
    refused,
)

ColumnType = Literal["string", "integer", "number", "boolean", "timestamp"]
NUMERIC: tuple[ColumnType, ...] = ("integer", "number", "boolean")


class Column(Part):
    """A column of the raw data; a row that breaks its bounds is quarantined."""

    type: ColumnType
    nullable: bool = False
    """May values be missing?"""
    minimum: float | None = None
    """Smallest value that can be true."""
    maximum: float | None = None
    """Largest value that can be true."""
    unit: Unit | None = None
    description: Line | None = None

    @model_validator(mode="after")
    def _bounds(self) -> "Column":
        bounds = (self.minimum, self.maximum)
        if self.type not in ("integer", "number") and bounds != (None, None):
            raise refused(f"minimum and maximum are for numbers, not for {self.type}; remove them")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise refused("its minimum is above its maximum; exchange them")
        return self


class Derived(Column):
    """A column computed from others of its row, or from `source_row`, its number in the file."""

    expression: Expression


class Lookup(Part):
    """Columns fetched from another source by its key."""

    match: Annotated[dict[Identifier, Identifier], Field(min_length=1)]
    """Own column: the key column of the other source."""
    columns: Annotated[dict[Identifier, Identifier], Field(min_length=1)]
    """New column: the column of the other source."""


class PackagedFile(Part):
    """A file inside an installed Python package."""

    package: PackageName
    file: PackageFile


class PlainFile(Part):
    """A file by its path, such as one that a person puts there."""

    path: FilePath
    """Absolute, or seen from the data-engineering repository: ../data lies beside the family's
    repositories."""


def _kind_of_location(value: Any) -> str:
    return "by path" if isinstance(value, dict) and "path" in value else "in a package"


Location = Annotated[
    Annotated[PackagedFile, Tag("in a package")] | Annotated[PlainFile, Tag("by path")],
    Discriminator(_kind_of_location),
]
Key = Annotated[tuple[Identifier, ...], Field(min_length=1)]


class Source(Part):
    """A table of raw data."""

    description: Line
    origin: Line
    """Where the data come from and under which licence."""
    location: Location
    nulls: tuple[NullText, ...] = ("NA",)
    """Texts of a CSV file that stand for a missing value, beside the empty one."""
    key: Key
    """Columns that tell one row from all others."""
    event_time: Identifier | None = None
    """The column that says when the row's event took place; it partitions the data."""
    columns: Annotated[dict[Identifier, Column], Field(min_length=1)]
    lookups: dict[Identifier, Lookup] = Field(default_factory=dict)
    derived: dict[Identifier, Derived] = Field(default_factory=dict)
