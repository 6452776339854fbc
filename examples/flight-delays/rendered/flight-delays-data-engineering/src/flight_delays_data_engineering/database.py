"""DuckDB, the engine of every transformation here: in memory, bounded, in UTC, off the network."""

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any, Final

import duckdb

MEMORY_LIMIT: Final = "1GB"  # beyond it DuckDB spills to the temporary folder


@contextlib.contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="duckdb-") as spill:
        connection = duckdb.connect(
            config={
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": spill,
                "autoinstall_known_extensions": "false",
            }
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            yield connection
        finally:
            connection.close()


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query: DuckDB takes no other work before a result is fetched to its end."""
    return list(connection.execute(query).fetchall())


def quoted(text: object) -> str:
    """A text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"
