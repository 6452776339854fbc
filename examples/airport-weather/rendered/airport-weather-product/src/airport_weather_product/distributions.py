"""Distributions of the training set's features and of the label, computed by DuckDB."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

BINS: Final = 24
CATEGORIES: Final = 12  # as many columns as read well; the rest is summed up

LABEL: Final = "temperature"
# Type and unit of each feature.
FEATURES: Final = {
    "hour_of_day": ("number", ""),
    "airport": ("category", ""),
    "temperature_now": ("number", "degF"),
    "dew_point": ("number", "degF"),
    "humidity": ("number", "%"),
    "air_pressure": ("number", "hPa"),
    "visibility": ("number", "mi"),
    "north_wind": ("number", "mph"),
    "east_wind": ("number", "mph"),
    "temperature_mean_6h": ("number", "degF"),
    "temperature_mean_24h": ("number", "degF"),
    "temperature_lowest_24h": ("number", "degF"),
    "temperature_highest_24h": ("number", "degF"),
    "pressure_mean_6h": ("number", "hPa"),
    "temperature_day_before": ("number", "degF"),
}


@dataclass(frozen=True)
class Distribution:
    """How often a feature's values lie in each bin, or are each category."""

    name: str
    unit: str
    counts: tuple[float, ...]
    low: str
    high: str
    missing: float  # share of rows without a value


def of_features(table: Path) -> list[Distribution]:
    """The distribution of every feature in the file, empty when there is no file."""
    if not table.is_file():
        return []
    with duckdb.connect() as database:
        described = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(table)])
        present = {row[0] for row in described.fetchall()}
        return [
            _of_category(database, table, name, unit)
            if type_ == "category"
            else _of_number(database, table, name, unit)
            for name, (type_, unit) in FEATURES.items()
            if name in present
        ]


def of_label(table: Path) -> list[tuple[str, float]]:
    """Mean of the label per month in UTC, for rows that have one and are not excluded."""
    if not table.is_file():
        return []
    query = f"""
        SELECT strftime(event_timestamp AT TIME ZONE 'UTC', '%Y-%m') AS month, avg("{LABEL}")
        FROM read_parquet(?)
        WHERE "{LABEL}" IS NOT NULL AND excluded IS NULL
        GROUP BY month
        ORDER BY month
    """  # noqa: S608 - the names are this product's own
    with duckdb.connect() as database:
        rows = database.execute(query, [str(table)]).fetchall()
    return [(str(month), float(mean)) for month, mean in rows]


def _of_number(
    database: duckdb.DuckDBPyConnection, table: Path, name: str, unit: str
) -> Distribution:
    column = f'CASE WHEN isfinite("{name}") THEN "{name}" END'
    low, high, missing = _one(
        database,
        f"SELECT quantile_cont({column}, 0.01), quantile_cont({column}, 0.99),"  # noqa: S608
        f" avg(CASE WHEN {column} IS NULL THEN 1.0 ELSE 0.0 END) FROM read_parquet(?)",
        table,
    )
    if low is None or high is None:
        return Distribution(name, unit, (), "", "", 1.0)
    width = (high - low) / BINS or 1.0
    rows = database.execute(
        f"SELECT least(greatest(floor(({column} - ?) / ?), 0), ?) AS bin, count(*)"  # noqa: S608
        f" FROM read_parquet(?) WHERE {column} BETWEEN ? AND ? GROUP BY bin",
        [low, width, BINS - 1, str(table), low, high],
    ).fetchall()
    counts = [0.0] * BINS
    for place, count in rows:
        counts[int(place)] = float(count)
    return Distribution(name, unit, tuple(counts), f"{low:,.3g}", f"{high:,.3g}", float(missing))


def _of_category(
    database: duckdb.DuckDBPyConnection, table: Path, name: str, unit: str
) -> Distribution:
    rows = database.execute(
        f'SELECT "{name}", count(*) AS n FROM read_parquet(?)'  # noqa: S608
        f' WHERE "{name}" IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1',
        [str(table)],
    ).fetchall()
    (missing,) = _one(
        database,
        f'SELECT avg(CASE WHEN "{name}" IS NULL THEN 1.0 ELSE 0.0 END)'  # noqa: S608
        " FROM read_parquet(?)",
        table,
    )
    if not rows:
        return Distribution(name, unit, (), "", "", float(missing or 0.0))
    counts = [float(count) for _, count in rows]
    rest = sum(counts[CATEGORIES:])
    shown = (*counts[:CATEGORIES], *((rest,) if rest else ()))
    end = f"{len(rows) - CATEGORIES} others" if rest else str(rows[-1][0])
    return Distribution(name, unit, shown, str(rows[0][0]), end, float(missing))


def _one(database: duckdb.DuckDBPyConnection, query: str, table: Path) -> Sequence[float]:
    row = database.execute(query, [str(table)]).fetchone()
    return row if row is not None else ()
