"""One family on a slice of the real flights, shared by the tests of the loop."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rendering import Family, surroundings
from sliced import cut_flights, processes, render

LONGEST = 1200  # seconds of a run, on a machine that has others to serve


@dataclass
class Ended:
    """How a run of the loop ended."""

    code: int
    output: str
    seconds: float
    steps: dict[str, str]
    records: Mapping[str, str]


@dataclass
class Loop:
    """The family with its slice, and the command that runs it."""

    family: Family
    home: Path
    variables: dict[str, str]
    flights: Path
    state: Path = field(init=False)

    def __post_init__(self) -> None:
        own = self.variables.get("FLIGHT_DELAYS_STATE")
        self.state = Path(own) if own else self.family.folder / "state" / "dev"

    def on(self, flights: Path, state: Path) -> "Loop":
        """The same family on other flights, with a state folder of its own."""
        own = {"FLIGHT_DELAYS_SOURCE_FLIGHTS": str(flights), "FLIGHT_DELAYS_STATE": str(state)}
        return Loop(self.family, self.home, {**self.variables, **own}, flights)

    @property
    def place(self) -> Path:
        """Where the loop is started."""
        return self.family.repository("product")

    def environment(self) -> dict[str, str]:
        """A person's environment with a home of its own and the shared package cache."""
        return {**surroundings(), "PYTHONUNBUFFERED": "1", "HOME": str(self.home), **self.variables}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the loop without waiting for it, as its own process group."""
        command = ("uv", "run", "--frozen", "flight-delays-product", "loop", *arguments)
        return subprocess.Popen(
            command,
            cwd=self.place,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command: Sequence[str] = ("make", "run")) -> Ended:
        """Run the loop to its end."""
        started = time.monotonic()
        answer = subprocess.run(
            command,
            cwd=self.place,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        seconds = time.monotonic() - started
        return Ended(answer.returncode, answer.stdout, seconds, self.statuses(), self.records())

    def statuses(self) -> dict[str, str]:
        """Status of each step in the last run."""
        return {one["step"]: one["status"] for one in self.read("loop.json")["steps"]}

    def read(self, path: str) -> dict[str, Any]:
        """A document of the state folder."""
        document: dict[str, Any] = json.loads((self.state / path).read_text())
        return document

    def records(self) -> dict[str, str]:
        """Id of the last successful run of each step, of those of a round by its folder."""
        runs = self.state / "runs"
        return {
            path.parent.relative_to(runs).as_posix(): json.loads(path.read_text())["id"]
            for path in runs.rglob("latest.json")
        }

    def left(self) -> dict[int, str]:
        """Processes that still work for the family."""
        return processes(self.family.folder)

    def wait_until_none_is_left(self, seconds: float = 15) -> None:
        """Fail when a process stays behind."""
        deadline = time.monotonic() + seconds
        while left := self.left():
            assert time.monotonic() < deadline, f"left behind: {left}"
            time.sleep(0.2)


@pytest.fixture(scope="session")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """The rendered family and its slice of flights, not run yet."""
    folder = tmp_path_factory.mktemp("loop")
    family = render(folder)
    flights = folder / "flights.csv"
    cut_flights(family, flights)
    home = folder / "home"
    home.mkdir()
    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True)
    variables = {
        "FLIGHT_DELAYS_SOURCE_FLIGHTS": str(flights),
        "UV_CACHE_DIR": cache.stdout.strip(),
        "UV_PYTHON": family_python(family),
    }
    return Loop(family, home, variables, flights)


def family_python(family: Family) -> str:
    """The interpreter that the repositories run on, found without the home folder."""
    answer = subprocess.run(
        ["uv", "python", "find", "--no-project", "3.11"], capture_output=True, text=True, check=True
    )
    return answer.stdout.strip()


@pytest.fixture(scope="session")
def first(loop: Loop) -> Ended:
    """The first run."""
    return loop.run()


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C: every process of the foreground group gets it."""
    os.killpg(process.pid, signal.SIGINT)
