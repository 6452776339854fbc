"""Who is predicted, as of when, and what came of it.

A booking is a row of `bookings`, known by `booking_id`.
"""

from collections.abc import Mapping
from typing import Final

import duckdb

SOURCE: Final = "bookings"
KEY: Final = "booking_id"
KEY_VIEW: Final = "booking_keys"
JOIN_KEYS: Final[tuple[str, ...]] = (
    "party",
    "hotel",
    "agent_code",
    "market_segment",
)
AT: Final = "judged_at"
LABEL: Final = "comes_to_nothing"
# Counted and kept out of training: reason and condition.
EXCLUDED: Final[Mapping[str, str]] = {
    "outside_the_extract": "NOT in_the_extract",
}


def as_of() -> duckdb.Expression:
    """The instant of the prediction: only what was known then counts."""
    return duckdb.SQLExpression("judged_at - INTERVAL 1 HOUR")


def published() -> duckdb.Expression:
    """The instant from which the booking itself is known."""
    return duckdb.SQLExpression("judged_at - INTERVAL 9 HOUR")


def gone_at() -> duckdb.Expression:
    """The instant from which the booking is there no longer, or null."""
    return duckdb.SQLExpression("off_the_books_at").cast("TIMESTAMPTZ")


def label() -> duckdb.Expression:
    """The label `comes_to_nothing` as a number.

    The booking is cancelled after the list was made, or the guest never comes.
    """
    return duckdb.SQLExpression("is_canceled = 1").cast("DOUBLE")


def label_known_at() -> duckdb.Expression:
    """The instant from which the label is known."""
    return duckdb.SQLExpression("arrived_by").cast("TIMESTAMPTZ")


def excluded() -> duckdb.Expression:
    """The reason to keep the booking out of training, or null."""
    cases = [f"WHEN ({condition}\n) THEN '{reason}'" for reason, condition in EXCLUDED.items()]
    return duckdb.SQLExpression(f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)")


def present(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The rows of those who are still there at the time of their prediction."""
    return validated_rows.filter(gone_at().isnull() | (gone_at() > as_of().cast("TIMESTAMPTZ")))


def keys(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The rows of the key view: the keys of the other views, and the instant that is predicted."""
    return _ordered(
        present(validated_rows).select(
            _text(KEY),
            published().cast("TIMESTAMPTZ").alias("event_timestamp"),
            *(_text(name) for name in JOIN_KEYS),
            duckdb.ColumnExpression(AT),
        )
    )


def entities(validated_rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Everyone who can be predicted, with the label where it is known."""
    return _ordered(
        present(validated_rows).select(
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
