"""What every feature view has in common: which rows count, which of equal ones, how it is stored.

A view goes from the rows of its source in three moves: those with a known instant and complete
keys (`known`), one column per rule, and one row per key and instant (`latest`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb

from .database import quoted, rows_of


@dataclass(frozen=True)
class View:
    """A feature view.

    `feature_rows` makes it from the validated rows of `source`; `used` names the columns that each feature
    is computed from, `window` the longest stretch of time that one row looks back over, `every` the
    stretch of time of which only the last row is kept.
    """

    name: str
    source: str
    keys: tuple[str, ...]
    ttl: timedelta
    event_timestamp: Callable[[], duckdb.Expression]
    feature_rows: Callable[[duckdb.DuckDBPyRelation], duckdb.DuckDBPyRelation]
    used: Mapping[str, tuple[str, ...]]
    window: timedelta | None = None
    every: timedelta | None = None


def validated(
    connection: duckdb.DuckDBPyConnection, state: Path, source: str
) -> duckdb.DuckDBPyRelation:
    """The validated rows of a source."""
    parts = sorted((state / "validated" / source).rglob("*.parquet"))
    return connection.read_parquet([str(part) for part in parts], hive_partitioning=False)


def known(
    source: duckdb.DuckDBPyRelation, keys: Sequence[str], event_timestamp: duckdb.Expression
) -> duckdb.DuckDBPyRelation:
    """Rows with complete keys and `event_timestamp`, the instant from which a row may be used."""
    instant = event_timestamp.cast("TIMESTAMPTZ").alias("event_timestamp")
    rows = source.select(duckdb.StarExpression(), instant)
    return rows.filter(" AND ".join(f"{name} IS NOT NULL" for name in (*keys, "event_timestamp")))


def computed(
    rows: duckdb.DuckDBPyRelation,
    keys: Sequence[str],
    rules: Mapping[str, Callable[[], duckdb.Expression]],
    categories: Sequence[str],
) -> duckdb.DuckDBPyRelation:
    """One column per rule, over all known rows; keys are texts behind the feature views."""
    return rows.select(
        *(duckdb.ColumnExpression(key).cast("VARCHAR").alias(key) for key in keys),
        duckdb.ColumnExpression("event_timestamp"),
        *(
            rule().cast("VARCHAR" if name in categories else "DOUBLE").alias(name)
            for name, rule in rules.items()
        ),
        duckdb.ColumnExpression("source_row"),
    )


def latest(
    rows: duckdb.DuckDBPyRelation, keys: Sequence[str], every: str | None = None
) -> duckdb.DuckDBPyRelation:
    """The last row of each key and instant, or of each key and stretch of time, such as an hour.

    The last row of a stretch counts from the end of the stretch: before that nobody knows that it
    is the last one. Of rows at the same instant the one that stands last in the raw file is kept.
    """
    stretch = f"time_bucket({every}, event_timestamp)" if every else "event_timestamp"
    instant = f"{stretch} + {every}" if every else "event_timestamp"
    order = (
        f"row_number() OVER (PARTITION BY {', '.join(keys)}, {stretch} "
        "ORDER BY event_timestamp DESC, source_row DESC)"
    )
    last = rows.select(
        duckdb.StarExpression(exclude=["event_timestamp"]),
        duckdb.SQLExpression(instant).alias("event_timestamp"),
        duckdb.SQLExpression(order).alias("_order"),
    )
    names = [name for name in rows.columns if name != "source_row"]
    return last.filter("_order = 1").select(*names).order(", ".join(("event_timestamp", *keys)))


def write(
    connection: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation, target: Path
) -> int:
    """Write rows as Parquet with timestamps in microseconds; answer how many."""
    rows.write_parquet(str(target), compression="zstd")
    return int(rows_of(connection, f"SELECT count(*) FROM read_parquet({quoted(target)})")[0][0])
