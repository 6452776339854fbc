"""Within a suite that meets MLflow's server: each test starts with an empty one."""

import importlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

SERVER = Path(os.environ["TRACKING_SERVER"])
# What the server made at its start.
KEPT = {"alembic_version", "workspaces"}


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    """Nothing of the tests before is left, short of a new server each."""
    with sqlite3.connect(SERVER / "mlflow.db", timeout=30) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in found:
            if name not in KEPT and not name.startswith("sqlite_"):
                own = " WHERE experiment_id > 0" if name == "experiments" else ""
                database.execute(f'DELETE FROM "{name}"{own}')
    shutil.rmtree(SERVER / "artifacts", ignore_errors=True)
    yield


@pytest.fixture
def stored_models() -> Callable[[Any], MutableMapping[str, bytes]]:
    """What the server keeps for settings: contents by name."""
    folder = importlib.import_module("conftest").Folder
    return lambda _settings: folder(SERVER / "artifacts")
