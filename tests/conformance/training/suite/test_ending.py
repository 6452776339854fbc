"""A search that is stopped gives no result and leaves no process behind."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import PACKAGE, settings_module

SEARCH = """
import importlib, os, sys, time
package, mark = sys.argv[1:]
compute, trials, settings = (
    importlib.import_module(f"{package}.{name}") for name in ("compute", "trials", "settings")
)
def objective(parameters):
    first = not os.path.exists(mark)
    open(mark, "a").close()
    time.sleep(600 if first else 0.1)
    return parameters["x"]
space = {"x": trials.Range(0.0, 1.0)}
print(compute.search(settings.load_settings(), space, objective, trials=8, seed=3))
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


@dataclass(frozen=True)
class Stopped:
    """How a search ended that was stopped in its first trial."""

    code: int
    printed: str
    left: list[int]


@pytest.fixture(scope="module", params=[signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def stopped(request: Any, settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    folder = tmp_path_factory.mktemp("stopped")
    process, mark = start(settings, folder)
    try:
        stop(process, request.param)
        process.wait(timeout=90)
        end = time.monotonic() + 20
        while (left := marked(mark)) and time.monotonic() < end:
            time.sleep(0.2)
        return Stopped(process.returncode, (folder / "printed").read_text("utf-8"), left)
    finally:
        for one in marked(mark):
            os.kill(one, signal.SIGKILL)


def test_stopped_search_gives_no_result(stopped: Stopped) -> None:
    assert stopped.code != 0
    assert "SearchResult" not in stopped.printed


def test_stopped_search_leaves_no_process(stopped: Stopped) -> None:
    assert not stopped.left


def start(settings: Any, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A search of its own process group that has reached its first trial."""
    script, begun = folder / "search.py", folder / "begun"
    script.write_text(SEARCH, "utf-8")
    environment = {
        **os.environ,
        f"{settings_module.PREFIX}_STATE": str(settings.state),
        "CONFORMANCE_MARK": str(folder),
    }
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, str(script), PACKAGE, str(begun)],
            env=environment,
            stdout=printed,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    # A compute that starts too slowly for itself starts again, twice.
    end = time.monotonic() + 240
    while not begun.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    assert begun.exists(), "the search did not start"
    return process, str(folder)


def stop(process: subprocess.Popen[bytes], number: int) -> None:
    """Ctrl-C reaches the whole group; kill -9 only the process itself."""
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.kill()


def marked(mark: str) -> list[int]:
    """Processes that were started by that search and have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            ours = f"CONFORMANCE_MARK={mark}".encode() in (entry / "environ").read_bytes().split(
                b"\0"
            )
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if ours and state != "Z":
            found.append(int(entry.name))
    return found
