"""Rules that turn columns into features, in views that share key and time."""

from typing import Annotated, Literal

from pydantic import Field

from ninefold.spec.base import Part
from ninefold.spec.sources import Key
from ninefold.spec.text import Duration, Expression, Identifier, Line, Timezone, Unit


class _Rule(Part):
    unit: Unit | None = None
    description: Line | None = None


class Value(_Rule):
    """A number as it stands in a column."""

    kind: Literal["value"]
    of: Identifier


class Category(_Rule):
    """A word as it stands in a column."""

    kind: Literal["category"]
    of: Identifier


class Calendar(_Rule):
    """A part of an instant on the clock of a place."""

    kind: Literal["calendar"]
    of: Identifier
    part: Literal["hour", "weekday", "day", "week", "month", "quarter"]
    timezone: Timezone
    """Name of the IANA database, such as Europe/Berlin or UTC."""


class Aggregate(_Rule):
    """What a column was over the time before, known by then."""

    kind: Literal["aggregate"]
    function: Literal["mean", "sum", "count", "min", "max", "std"]
    of: Identifier
    window: Duration


class Ratio(_Rule):
    """One column by another; with a window, the sums of both over it."""

    kind: Literal["ratio"]
    numerator: Identifier
    denominator: Identifier
    window: Duration | None = None


Rule = Annotated[Value | Category | Calendar | Aggregate | Ratio, Field(discriminator="kind")]


class View(Part):
    """Features of one source that share their keys and the instant from which they are known."""

    description: Line
    source: Identifier
    by: Key
    """Columns whose values say whose feature it is."""
    available_at: Expression
    """The instant from which a row may be used."""
    every: Duration | None = None
    """Keep only the last state in each such stretch of time."""
    ttl: Duration
    """A feature older than this counts as missing."""
    rules: Annotated[dict[Identifier, Rule], Field(min_length=1)]
