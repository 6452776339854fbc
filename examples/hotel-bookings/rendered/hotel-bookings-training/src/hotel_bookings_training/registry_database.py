"""MLflow's database in a file: one writer at a time, and there as a whole or not at all.

MLflow makes its tables through every change that they have ever seen, and a kill in between leaves
a database that it refuses for good. So they are made in a scratch folder and moved into place.
"""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from .settings import Settings

SCRATCH: Final = ".new-"


def prepare(settings: Settings) -> None:
    """Have the database before its first writer waits for it; a server has its own."""
    place = settings.extra["registry"]
    if not place.startswith(("http://", "https://")):
        with locked(Path(place) / "mlflow.db"):
            pass


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Be the one writer of the database; the kernel frees the lock however the process ends."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with database.with_name(".lock").open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if not database.is_file():
            _make(database)
        yield


def _make(database: Path) -> None:
    """Make it, under its lock; what a kill left of an earlier attempt goes."""
    # Only a writer needs what this imports.
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from sqlalchemy import Engine, event

    for name in ("mlflow", "alembic"):  # they tell about every table
        logging.getLogger(name).setLevel(logging.ERROR)
    folder = database.parent
    for left in folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
        made = Path(scratch) / database.name
        event.listen(Engine, "connect", _unhurried)
        try:
            store = SqlAlchemyStore(f"sqlite:///{made}", (folder / "artifacts").as_uri())
            store.engine.dispose()
        finally:
            event.remove(Engine, "connect", _unhurried)
        with made.open("rb") as stream:
            os.fsync(stream.fileno())
        made.replace(database)


def _unhurried(connection: Any, _record: object) -> None:
    """Hundreds of statements need not wait for the disk each: nothing counts before the end."""
    connection.execute("PRAGMA synchronous = OFF")
