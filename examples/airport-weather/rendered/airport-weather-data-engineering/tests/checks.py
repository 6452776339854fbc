"""Checks that every feature view passes; each view's own test says what it must be."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import brute
import duckdb
import pytest
from synthetic import Row, columns, dictionaries, instant, random_rows, relation, value

from airport_weather_data_engineering.database import database
from airport_weather_data_engineering.relations import View
from airport_weather_data_engineering.sources import SOURCES

# Columns of `observations` that hold what came of it: nobody knows them before the label.
OUTCOMES: Final[tuple[str, ...]] = ("temp",)
OUTCOME_SOURCE: Final = "observations"
LABEL_KNOWN_AT: Final = "reported_at"

Expected = Callable[[Sequence[Row], Row], Row]


def equals_brute_force(
    view: View, available_at: str, every: timedelta | None, expected: Expected, seed: int
) -> None:
    """Each feature row is the last of its keys and instant, with the values that it must have."""
    source = SOURCES[view.source]
    with database() as connection:
        validated = relation(connection, source, random_rows(source, seed))
        rows = _known(validated, view, available_at)
        found = dictionaries(view.feature_rows(validated))
    last: dict[Any, Row] = {}
    for row in sorted(rows, key=lambda row: (row["known_at"], row["source_row"])):
        last[(*_keys(view, row), brute.counts_from(row["known_at"], every))] = row
    wanted = {key: expected(rows, row) for key, row in last.items()}
    answered = {(*_keys(view, row), row["event_timestamp"]): row for row in found}
    assert len(answered) == len(found)
    assert set(answered) == set(wanted)
    for key, features in wanted.items():
        wrong = {
            name: (answered[key][name], want)
            for name, want in features.items()
            if answered[key][name] != _close(want)
        }
        assert not wrong, f"{key}: {wrong}"


def ignores_the_future(view: View, available_at: str, seed: int) -> None:
    """What becomes known after an instant changes no feature at that instant."""
    source = SOURCES[view.source]
    chance = random.Random(seed)
    rows = random_rows(source, seed)
    for as_of in (instant(chance) + timedelta(minutes=10) for _ in range(6)):
        with database() as connection:
            later = _later(relation(connection, source, rows), available_at, as_of)
            removed = [row for row in rows if row["source_row"] not in later]
            rewritten = [
                _rewritten(row, view, chance) if row["source_row"] in later else row for row in rows
            ]
            before = _at(view.feature_rows(relation(connection, source, rows)), view, as_of, _close)
            for others in (removed, rewritten):
                found = view.feature_rows(relation(connection, source, others))
                assert _at(found, view, as_of) == before, f"{view.name} at {as_of}: a leak"


def ignores_outcomes(view: View, seed: int) -> None:
    """Nobody knows what comes of an entity before its label is known, not even of its own row."""
    if view.source != OUTCOME_SOURCE:
        return
    source = SOURCES[view.source]
    chance = random.Random(seed)
    rows = random_rows(source, seed)
    as_of = instant(chance) + timedelta(minutes=10)
    with database() as connection:
        later = _later(relation(connection, source, rows), LABEL_KNOWN_AT, as_of)
        changed = [
            _with_another_outcome(row, chance) if row["source_row"] in later else row
            for row in rows
        ]
        before = _at(view.feature_rows(relation(connection, source, rows)), view, as_of, _close)
        after = _at(view.feature_rows(relation(connection, source, changed)), view, as_of)
    assert after == before, f"{view.name} at {as_of} knows what came of it: a leak"


def _later(validated: duckdb.DuckDBPyRelation, available_at: str, as_of: datetime) -> set[int]:
    """Rows that are not known yet, by number."""
    known = duckdb.SQLExpression(available_at).cast("TIMESTAMPTZ").alias("known_at")
    rows = dictionaries(validated.select("source_row", known))
    return {row["source_row"] for row in rows if row["known_at"] is None or row["known_at"] > as_of}


def _rewritten(row: Row, view: View, chance: random.Random) -> Row:
    """Other values in place of those that are no key and no instant."""
    known = columns(SOURCES[view.source])
    changed = {
        name: value(name, column, chance)
        for name, column in known.items()
        if name not in view.keys and column.kind != "timestamp"
    }
    return row | changed


def _with_another_outcome(row: Row, chance: random.Random) -> Row:
    known = columns(SOURCES[OUTCOME_SOURCE])
    changed = {name: value(name, known[name], chance) for name in OUTCOMES}
    return row | {name: new for name, new in changed.items() if known[name].kind != "timestamp"}


def _known(validated: duckdb.DuckDBPyRelation, view: View, available_at: str) -> list[Row]:
    """Rows with complete keys and the instant from which they are known."""
    known_at = duckdb.SQLExpression(available_at).cast("TIMESTAMPTZ").alias("known_at")
    rows = dictionaries(validated.select(duckdb.StarExpression(), known_at))
    return [row for row in rows if None not in (row["known_at"], *(row[key] for key in view.keys))]


def _at(
    features: duckdb.DuckDBPyRelation,
    view: View,
    as_of: datetime,
    seen: Callable[[Any], Any] = lambda held: held,
) -> dict[Any, Row]:
    """The feature row of each key that is in use at an instant."""
    found: dict[Any, Row] = {}
    for row in sorted(dictionaries(features), key=lambda row: str(row["event_timestamp"])):
        if row["event_timestamp"] <= as_of:
            found[_keys(view, row)] = {name: seen(held) for name, held in row.items()}
    return found


def _keys(view: View, row: Row) -> tuple[str, ...]:
    return tuple(str(brute.category(row[key])) for key in view.keys)


def _close(want: Any) -> Any:
    return pytest.approx(want, rel=1e-9, abs=1e-6) if isinstance(want, float) else want
