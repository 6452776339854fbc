"""DuckDB, the engine of every transformation here: in memory, bounded, in UTC, off the network."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from typing import Any, Final

import duckdb

from .faults import Fault

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
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise Fault(f"{_said(error)}; make room and run again, nothing was changed") from None
        finally:
            connection.close()


def _said(error: duckdb.Error) -> str:
    """The first line of an error; DuckDB packs those of the system into a document."""
    text = str(error)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        text = str(json.loads(text[text.index("{") :])["exception_message"])
    return text.splitlines()[0]


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query: DuckDB takes no other work before a result is fetched to its end."""
    return list(connection.execute(query).fetchall())


def quoted(text: object) -> str:
    """A text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"
