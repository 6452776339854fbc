"""Port to the feature store: as-of joins in DuckDB over the Parquet files of the feature views.

What is asked for by key is in `online_store.py`.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd
import pyarrow as pa

from .definitions import JOIN_KEYS, KEY, VIEWS, Stored
from .faults import Fault
from .online_store import UnknownEntity, online
from .settings import Settings

__all__ = ["UnknownEntity", "historical", "online"]

MICROSECOND: Final = timedelta(microseconds=1)
# With their spaces these are no names of columns.
AT: Final = "asked at"
ROW: Final = "asked row"


def historical(settings: Settings, entities: pd.DataFrame) -> pd.DataFrame:
    """The entities in their order, each feature as it was known at their `event_timestamp`.

    `entities` holds `booking_id`, the join keys, `event_timestamp` in UTC and what else is to be
    kept. A feature that is older than the time to live of its view is null.
    """
    folder = settings.state / "features"
    names = [KEY, *JOIN_KEYS]
    asked = {name: pa.array(entities[name], pa.string(), from_pandas=True) for name in names}
    instants = pa.array(entities["event_timestamp"], from_pandas=True)
    asked[AT] = instants.cast(pa.timestamp("us", "UTC"), safe=False)
    asked[ROW] = pa.array(range(len(entities)), pa.int64())
    with _connected() as connection:
        connection.register("given", pa.table(asked))
        connection.execute("CREATE TEMP TABLE asked AS SELECT * FROM given")
        # One after the other: a chain of these joins keeps everything that it has found in memory.
        found = [
            connection.sql(_query(view, folder)).to_arrow_table().to_pandas() for view in VIEWS
        ]
    features = [frame.set_axis(entities.index, axis="index") for frame in found]
    return pd.concat([entities, *features], axis="columns")


def _query(view: Stored, folder: Path) -> str:
    """Of a view the last row that was known at each instant, unless it was stale by then."""
    age = f'epoch_us(asked."{AT}") - epoch_us(known.event_timestamp)'
    fresh = f"{age} < {view.ttl // MICROSECOND}"
    columns = [
        f'CASE WHEN {fresh} THEN known."{name}" END::{kind} AS "{name}"'
        for name, kind in view.features.items()
    ]
    keys = "".join(f'asked."{key}" = known."{key}" AND ' for key in view.keys)
    rows = f"ASOF LEFT JOIN read_parquet({_file(folder, view)}) AS known"
    matched = f'ON {keys}asked."{AT}" >= known.event_timestamp ORDER BY asked."{ROW}"'
    return " ".join(["SELECT", ", ".join(columns), "FROM asked", rows, matched])


def _file(folder: Path, view: Stored) -> str:
    path = folder / f"{view.name}.parquet"
    if not path.is_file():
        raise Fault(f"{folder} has no {path.name}; run the step `features` first")
    return "'" + str(path).replace("'", "''") + "'"


def _connected() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection
