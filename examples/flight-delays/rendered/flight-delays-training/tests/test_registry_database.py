"""The registry's database survives that its first writer is killed while it makes it."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from flight_delays_training.registry_database import locked

# Ends as by kill -9 after so many of the database's statements.
KILLED = """
import os, signal, sys
from pathlib import Path

from sqlalchemy import Engine, event

from flight_delays_training.registry_database import locked

left = int(sys.argv[2])


@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


with locked(Path(sys.argv[1])):
    print("made")
"""


@pytest.mark.parametrize("statements", [2, 250])
def test_a_kill_while_the_database_is_made_leaves_none(statements: int, tmp_path: Path) -> None:
    database = tmp_path / "registry" / "mlflow.db"
    words = [sys.executable, "-c", KILLED, str(database), str(statements)]
    killed = subprocess.run(words, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not database.exists()
    with locked(database):
        pass
    assert {path.name for path in database.parent.iterdir()} == {".lock", "mlflow.db"}
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM registered_models").fetchone() == (0,)
