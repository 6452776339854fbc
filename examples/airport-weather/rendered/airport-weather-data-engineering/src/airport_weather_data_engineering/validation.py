"""Types, ranges, look-ups and keys: which rows are valid, and why the others are not.

Each select adds columns to the same rows. `_reasons` collects what is wrong with a row and `_text`
is the row as it was read; no column of a source begins with an underscore.
"""

from collections.abc import Mapping
from typing import Final

import duckdb

from .database import quoted, rows_of
from .faults import Fault
from .tables import TYPES, Column, Derived, Kind, Lookup, Source

WORDS: Final[Mapping[Kind, str]] = {
    "string": "not a text",
    "integer": "not an integer",
    "number": "not a number",
    "boolean": "neither true nor false",
    "timestamp": "not an instant",
}


def validate(connection: duckdb.DuckDBPyConnection, source: Source, raw: str) -> str:
    """Make a table of all columns with `_reasons`, empty where the row is valid; its name."""
    for lookup in source.lookups:
        _require_one_match(connection, source, lookup)
    table = f"checked_{source.name}"
    try:
        connection.execute(f"CREATE TABLE {table} AS {_checked(source, raw)}")
    except (duckdb.BinderException, duckdb.ParserException) as error:
        reason = str(error).splitlines()[0]
        raise Fault(
            f"source {source.name}: {reason}; mend the expressions in "
            f"src/{__package__}/sources/{source.name}.py"
        ) from None
    return table


def columns_of(source: Source) -> list[str]:
    """Every column of the validated source, in order."""
    return [
        "source_row",
        *(column.name for column in source.columns),
        *(name for lookup in source.lookups for name in lookup.columns),
        *(column.name for column in source.derived),
    ]


def _checked(source: Source, raw: str) -> str:
    key = ", ".join(source.key)
    complete = " AND ".join(f"{name} IS NOT NULL" for name in source.key)
    return f"""
        WITH split AS ({_split(source, raw)}),
        typed AS (
          SELECT *, {_reasons([_problem(column) for column in source.columns])} AS _reasons
          FROM split
        ),
        looked_up AS ({_looked_up(source)}),
        derived AS ({_derived(source)}),
        computed AS (
          SELECT * REPLACE (
            CASE WHEN len(_reasons) > 0 THEN _reasons
            ELSE {_reasons([_derived_problem(column) for column in source.derived])} END AS _reasons
          ) FROM derived
        ),
        numbered AS (
          SELECT *, row_number() OVER (
            PARTITION BY {key}, len(_reasons) > 0 ORDER BY source_row
          ) AS _occurrence FROM computed
        )
        SELECT * EXCLUDE (_occurrence) REPLACE (
          CASE WHEN len(_reasons) > 0 THEN _reasons
          WHEN NOT ({complete}) THEN [{quoted(f"{key}: missing in the key")}]
          WHEN _occurrence > 1 THEN [{quoted(f"{key}: the key of an earlier row")}]
          ELSE _reasons END AS _reasons,
          CASE WHEN len(_reasons) > 0 OR _occurrence > 1 OR NOT ({complete})
          THEN to_json(_text) END AS _text
        ) FROM numbered ORDER BY source_row
    """


def _split(source: Source, raw: str) -> str:
    """The row as text, and each value in its type or null."""
    texts = ", ".join(f"{column.name} := raw.{column.name}" for column in source.columns)
    values = ", ".join(f"{_cast(column)} AS {column.name}" for column in source.columns)
    return f"SELECT source_row, struct_pack({texts}) AS _text, {values} FROM {raw} AS raw"


def _cast(column: Column) -> str:
    cast = f"TRY_CAST(raw.{column.name} AS {TYPES[column.kind]})"
    if column.kind == "integer":
        # A cast alone would round 1.5 to 2; some programs write 517.0 for an integer.
        whole = f"regexp_full_match(trim(raw.{column.name}), '[+-]?[0-9]+([.]0*)?')"
        return f"CASE WHEN {whole} THEN {cast} END"
    if column.kind in ("number", "timestamp"):
        return f"CASE WHEN isfinite({cast}) THEN {cast} END"
    return cast


def _problem(column: Column) -> str:
    """What is wrong with a value that was read, or null."""
    text = f"_text.{column.name}"
    cases = [f"WHEN {text} IS NOT NULL AND {column.name} IS NULL THEN '{WORDS[column.kind]}'"]
    return _named(column, [*cases, *_missing(column, text), *_out_of_range(column)])


def _derived_problem(column: Derived) -> str:
    """What is wrong with a value that was computed, or null."""
    return _named(column, [*_missing(column, column.name), *_out_of_range(column)])


def _missing(column: Column, value: str) -> list[str]:
    return [] if column.nullable else [f"WHEN {value} IS NULL THEN 'missing'"]


def _out_of_range(column: Column) -> list[str]:
    cases = []
    if column.minimum is not None:
        cases.append(f"WHEN {column.name} < {column.minimum} THEN 'below {column.minimum}'")
    if column.maximum is not None:
        cases.append(f"WHEN {column.name} > {column.maximum} THEN 'above {column.maximum}'")
    return cases


def _named(column: Column, cases: list[str]) -> str:
    return f"{quoted(f'{column.name}: ')} || CASE {' '.join(cases)} END" if cases else "NULL"


def _reasons(problems: list[str]) -> str:
    found = ", ".join(problems) or "NULL"
    return f"list_filter([{found}]::VARCHAR[], lambda reason: reason IS NOT NULL)"


def _looked_up(source: Source) -> str:
    """The rows with the columns of the sources that are looked up; without a match they are null."""
    columns = "".join(
        f", {lookup.source}.{theirs} AS {own}"
        for lookup in source.lookups
        for own, theirs in lookup.columns.items()
    )
    joins = " ".join(_join(lookup) for lookup in source.lookups)
    return f"SELECT typed.*{columns} FROM typed {joins}"


def _join(lookup: Lookup) -> str:
    matches = " AND ".join(
        f"typed.{own} = {lookup.source}.{theirs}" for own, theirs in lookup.match.items()
    )
    return f"LEFT JOIN valid_{lookup.source} AS {lookup.source} ON {matches}"


def _derived(source: Source) -> str:
    """One select per derived column, so that each can use those before it."""
    select = "SELECT * FROM looked_up"
    for column in source.derived:
        # What fails to compute is null, and null is a reason where a value is required.
        # The line end closes a comment at the end of the expression.
        value = f"TRY(CAST(({column.expression}\n) AS {TYPES[column.kind]}))"
        select = f"SELECT *, {value} AS {column.name} FROM ({select})"
    return select


def _require_one_match(
    connection: duckdb.DuckDBPyConnection, source: Source, lookup: Lookup
) -> None:
    keys = ", ".join(lookup.match.values())
    several = (
        f"SELECT {keys} FROM valid_{lookup.source} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
    )
    for twice in rows_of(connection, several):
        raise Fault(
            f"source {source.name}: several rows of {lookup.source} have {keys} = "
            f"{', '.join(map(str, twice))}; look up by the key of {lookup.source}"
        )
