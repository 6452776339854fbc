"""A Feast offline store whose join finds the last row before an instant directly, in DuckDB.

Feast's own DuckDB store pairs each entity with every row inside the time to live before it keeps
the last one: tens of millions of pairs for a year of hourly features. It also takes no time to live
such as 36 hours (its days and seconds are mixed units there) and counts a row as fresh at its very
end. Nor is it inherited from: it imports Ibis, 0.4 s of every process that opens Feast.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob
from feast.repo_config import FeastConfigBaseModel

AT: Final = "event_timestamp"
MICROSECOND: Final = timedelta(microseconds=1)


class PointInTimeOfflineStoreConfig(FeastConfigBaseModel):  # type: ignore[misc]
    """Feast finds the settings of a store under the store's name and `Config`."""

    type: str


class PointInTimeOfflineStore(OfflineStore):  # type: ignore[misc]
    """Of each view the last row with `entity - ttl < event_timestamp <= entity`, in entity order.

    It answers what is asked of it, features at instants, and no other question of Feast's interface.
    """

    @staticmethod
    def get_historical_features(
        config: Any,  # noqa: ARG004 - Feast gives all of these
        feature_views: Sequence[Any],
        feature_refs: Sequence[str],
        entity_df: pd.DataFrame,
        *_more: Any,
        **_others: Any,
    ) -> RetrievalJob:
        """Join each view to the keys and instants of the entities."""
        keys = sorted({key for view in feature_views for key in view.join_keys})
        found = pa.Table.from_pandas(entity_df, preserve_index=False)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            connection.register("given", _asked(found, keys))
            connection.execute("CREATE TEMP TABLE entities AS SELECT * FROM given")
            # One after the other: a chain of these joins carries everything that it has found along.
            for view in feature_views:
                names = [ref.split(":")[1] for ref in feature_refs if _of(ref) == view.name]
                joined = connection.sql(_query(view, names)).to_arrow_table()
                for name in names:
                    found = found.append_column(name, joined[name])
        return _Rows(found)


class _Rows(RetrievalJob):  # type: ignore[misc]
    """The entities as they were asked for, with the features beside them."""

    full_feature_names = False
    on_demand_feature_views: Sequence[Any] = ()
    metadata = None

    def __init__(self, table: pa.Table) -> None:
        super().__init__()
        self._table = table

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return self._table.to_pandas()

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        return self._table


def _asked(entities: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Keys, instants and the order of the entities: all that a join needs of them."""
    columns = {key: entities[key] for key in keys}
    columns[AT] = entities[AT].cast(pa.timestamp("us", "UTC"), safe=False)
    columns["_row"] = pa.array(np.arange(len(entities)))
    return pa.table(columns)


def _of(reference: str) -> str:
    return reference.partition(":")[0]


def _query(view: Any, names: Sequence[str]) -> str:
    """Features of a view in the order of the entities, null where they are stale."""
    # Ages are whole numbers: a difference of instants is an interval, by the calendar of a time
    # zone, and to compare those takes half as long again as the join.
    age = f"epoch_us(entities.{AT}) - epoch_us(known.{AT})"
    fresh = f"{age} < {view.ttl // MICROSECOND}"
    columns = [f"CASE WHEN {fresh} THEN known.{name} END AS {name}" for name in names]
    path = str(view.batch_source.path).replace("'", "''")
    keys = "".join(f"entities.{key} = known.{key} AND " for key in view.join_keys)
    rows = f"ASOF LEFT JOIN read_parquet('{path}') AS known"
    matched = f"ON {keys}entities.{AT} >= known.{AT} ORDER BY entities._row"
    return " ".join(["SELECT", ", ".join(columns), "FROM entities", rows, matched])
