"""Feast's DuckDB offline store with a join that finds the last row before an instant directly.

Feast's own join pairs each entity with every row inside the time to live before it keeps the last
one: tens of millions of pairs for a year of hourly features. It also takes no time to live such as
36 hours (its days and seconds are mixed units there) and counts a row as fresh at its very end.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig
from feast.infra.offline_stores.offline_store import RetrievalJob


class PointInTimeOfflineStoreConfig(DuckDBOfflineStoreConfig):  # type: ignore[misc]
    """Feast finds the settings of a store under the store's name and `Config`."""


class PointInTimeOfflineStore(DuckDBOfflineStore):  # type: ignore[misc]
    """Of each view the last row with `entity - ttl < event_timestamp <= entity`, in entity order."""

    @staticmethod
    def get_historical_features(
        config: Any,  # noqa: ARG004 - Feast gives all of these
        feature_views: Sequence[Any],
        feature_refs: Sequence[str],
        entity_df: pd.DataFrame,
        *_more: Any,
        **_others: Any,
    ) -> RetrievalJob:
        """Join the views to the entities, one after the other."""
        columns = ["entities.*"]
        joins = []
        for number, view in enumerate(feature_views):
            names = [ref.split(":")[1] for ref in feature_refs if ref.startswith(f"{view.name}:")]
            columns += _columns(f"view_{number}", names, view.ttl)
            joins.append(_join(f"view_{number}", view))
        query = ["SELECT", ", ".join(columns), "FROM entities", *joins, "ORDER BY entities._row"]
        return _Rows(_run(" ".join(query), entity_df))


class _Rows(RetrievalJob):  # type: ignore[misc]
    """The result of a retrieval, already there."""

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


def _columns(alias: str, names: Sequence[str], ttl: timedelta) -> list[str]:
    age = f"entities.event_timestamp - {alias}.event_timestamp"
    fresh = f"{age} < to_microseconds({ttl // timedelta(microseconds=1)})"
    return [f"CASE WHEN {fresh} THEN {alias}.{name} END AS {name}" for name in names]


def _join(alias: str, view: Any) -> str:
    path = str(view.batch_source.path).replace("'", "''")
    keys = "".join(f"entities.{key} = {alias}.{key} AND " for key in view.join_keys)
    return (
        f"ASOF LEFT JOIN read_parquet('{path}') AS {alias} "
        f"ON {keys}entities.event_timestamp >= {alias}.event_timestamp"
    )


def _run(query: str, entity_df: pd.DataFrame) -> pa.Table:
    entities = pa.Table.from_pandas(entity_df, preserve_index=False)
    entities = entities.append_column("_row", pa.array(range(len(entity_df)), pa.int64()))
    instants = entities["event_timestamp"].cast(pa.timestamp("us", "UTC"), safe=False)
    position = entities.schema.get_field_index("event_timestamp")
    entities = entities.set_column(position, "event_timestamp", instants)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.register("entities", entities)
        return connection.sql(query).to_arrow_table().drop_columns(["_row"])
