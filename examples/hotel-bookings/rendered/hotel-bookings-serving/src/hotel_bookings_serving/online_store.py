"""The online store: one SQLite file, one table per view, the last row of each key.

A look-up is one statement over all views. Every thread keeps the file open; one that was
materialised anew is another file, so it is opened anew, and whoever still reads the old one reads
it to the end. The file itself is never written again: readers need no locks.
"""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from .definitions import FEATURES, JOIN_KEYS, KEY, KEY_VIEW, VIEWS, Stored
from .faults import Fault
from .settings import Settings

FILE: Final = "online.db"
KNOWN_AT: Final = "known at"  # microseconds; with its space it is no feature's name
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
TRIES: Final = 20  # looks for a store that is being exchanged for a new one
PAUSE: Final = 0.005  # seconds between two looks


class UnknownEntity(LookupError):
    """A key that the feature store does not know at this instant."""


def online(settings: Settings, keys: Sequence[str], now: datetime) -> pd.DataFrame:
    """One row per key in order: key, join keys and the features as they are known at `now`.

    Raises `UnknownEntity` for a key that is not known at `now`.
    """
    connection = _opened(Path(settings.extra["feature_store"]) / FILE)
    values = {"keys": json.dumps(list(keys)), "now": (now - EPOCH) // MICROSECOND}
    rows = connection.execute(QUERY, values).fetchall()
    unknown = [key for key, row in zip(keys, rows, strict=True) if row[0] is None]
    if unknown:
        raise UnknownEntity(f"unknown {KEY}: {', '.join(unknown[:5])}")
    columns = zip(*rows, strict=True) if rows else [()] * (len(COLUMNS))
    return pd.DataFrame(
        {
            name: np.array(values, dtype=dtype)
            for (name, dtype), values in zip(COLUMNS.items(), columns, strict=True)
        },
        copy=False,
    )


def _query() -> str:
    """One look-up over all views; a row that is stale or not yet known does not match."""
    joined = [_join(KEY_VIEW, "asked.value")]
    columns = [_column(KEY_VIEW, name) for name in (KEY, *JOIN_KEYS)]
    for view in VIEWS:
        joined.append(_join(view, *(_column(KEY_VIEW, key) for key in view.keys)))
        columns += [_column(view, name) for name in view.features]
    asked = "FROM json_each(:keys) AS asked"
    return " ".join(["SELECT", ", ".join(columns), asked, *joined, "ORDER BY asked.key"])


def _join(view: Stored, *keys: str) -> str:
    pairs = zip(view.keys, keys, strict=True)
    same = "".join(f"{_column(view, own)} = {other} AND " for own, other in pairs)
    known = _column(view, KNOWN_AT)
    fresh = f"{known} > :now - {view.ttl // MICROSECOND} AND {known} <= :now"
    return f'LEFT JOIN "{view.name}" AS "view {view.name}" ON {same}{fresh}'


def _column(view: Stored, name: str) -> str:
    return f'"view {view.name}"."{name}"'


QUERY: Final = _query()
COLUMNS: Final[dict[str, Any]] = {
    **dict.fromkeys((KEY, *JOIN_KEYS), np.dtype("object")),
    **{
        name: np.dtype("float64" if kind == "DOUBLE" else "object")
        for name, kind in FEATURES.items()
    },
}
_kept = threading.local()


def _opened(database: Path) -> sqlite3.Connection:
    """The store, opened once by each thread for each file that stands at this path."""
    for _ in range(TRIES):
        try:
            found = database.stat()
            identity = (os.getpid(), str(database), found.st_ino, found.st_mtime_ns)
            if getattr(_kept, "identity", None) != identity:
                uri = f"{database.absolute().as_uri()}?mode=ro&immutable=1"
                _kept.connection = sqlite3.connect(uri, uri=True)
                _kept.identity = identity
        except (FileNotFoundError, sqlite3.OperationalError):
            # The step that materialises exchanges folders: for a moment there is none.
            time.sleep(PAUSE)
        else:
            connection: sqlite3.Connection = _kept.connection
            return connection
    raise Fault(f"{database} is missing; run the step `materialise` first")
