"""What a session of the compute started ends with it, and nothing else does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from flight_delays_training.compute_guard import __file__ as guard

SLEEP: Final = Path("/bin/sleep")

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists() or not SLEEP.exists(), reason="needs /proc and sleep"
)


@pytest.fixture
def started() -> Iterator[ExitStack]:
    with ExitStack() as processes:
        yield processes


def sleeping(
    started: ExitStack, title: str, log: Path, **environment: str
) -> subprocess.Popen[bytes]:
    """A process by that name that writes to a file."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [title, "60"], executable=SLEEP, stdout=file, env={**os.environ, **environment}
        )
    started.callback(process.wait)
    started.callback(process.kill)
    return process


def end(folder: Path) -> None:
    """Let the session be over: its end of the pipe is closed."""
    subprocess.run([sys.executable, "-I", guard, str(folder)], input=b"", check=True, timeout=60)


def test_a_process_with_the_mark_ends(started: ExitStack, tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    process = sleeping(started, "worker", tmp_path / "log", COMPUTE_SESSION=str(folder))
    end(folder)
    assert process.wait(10) < 0
    assert not folder.exists()


def test_a_process_whose_title_hides_the_mark_ends(started: ExitStack, tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    process = sleeping(started, "ray::Agent", folder / "log")
    end(folder)
    assert process.wait(10) < 0


def test_other_processes_go_on(started: ExitStack, tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    others = [
        sleeping(started, "tail", folder / "log"),
        sleeping(started, "ray::Agent", tmp_path / "log"),
        sleeping(started, "worker", tmp_path / "log", COMPUTE_SESSION=f"{folder}-2"),
    ]
    end(folder)
    assert [process.poll() for process in others] == [None, None, None]
