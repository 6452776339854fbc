"""Who is predicted, as of when, and what came of it.

A hour is a row of `observations`, known by `observation_id`.
"""

from collections.abc import Mapping
from typing import Final

import duckdb

SOURCE: Final = "observations"
KEY: Final = "observation_id"
KEY_VIEW: Final = "hour_keys"
JOIN_KEYS: Final[tuple[str, ...]] = ("origin",)
AT: Final = "observed_at"
LABEL: Final = "temperature"
# Counted and kept out of training: reason and condition.
EXCLUDED: Final[Mapping[str, str]] = {}


def as_of() -> duckdb.Expression:
    """The instant of the prediction: only what was known then counts."""
    return duckdb.SQLExpression("observed_at - INTERVAL 6 HOUR")


def published() -> duckdb.Expression:
    """The instant from which the hour itself is known."""
    return duckdb.SQLExpression("observed_at - INTERVAL 7 DAY")


def label() -> duckdb.Expression:
    """The label `temperature` as a number.

    Temperature of the air in degrees Fahrenheit.
    """
    return duckdb.SQLExpression("temp").cast("DOUBLE")


def label_known_at() -> duckdb.Expression:
    """The instant from which the label is known."""
    return duckdb.SQLExpression("reported_at").cast("TIMESTAMPTZ")


def excluded() -> duckdb.Expression:
    """The reason to keep the hour out of training, or null."""
    cases = [f"WHEN ({condition}\n) THEN '{reason}'" for reason, condition in EXCLUDED.items()]
    return duckdb.SQLExpression(f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)")


def keys(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The rows of the key view: the keys of the other views, and the instant that is predicted."""
    return _ordered(
        validated_rows.select(
            _text(KEY),
            published().cast("TIMESTAMPTZ").alias("event_timestamp"),
            *(_text(name) for name in JOIN_KEYS),
            duckdb.ColumnExpression(AT),
        )
    )


def entities(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Everyone who can be predicted, with the label where it is known."""
    return _ordered(
        validated_rows.select(
            _text(KEY),
            *(_text(name) for name in JOIN_KEYS),
            as_of().cast("TIMESTAMPTZ").alias("event_timestamp"),
            label().alias(LABEL),
            label_known_at().alias("label_known_at"),
            excluded().alias("excluded"),
        )
    )


def _text(column: str) -> duckdb.Expression:
    return duckdb.ColumnExpression(column).cast("VARCHAR").alias(column)


def _ordered(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return rows.filter("event_timestamp IS NOT NULL").order(f"event_timestamp, {KEY}")
