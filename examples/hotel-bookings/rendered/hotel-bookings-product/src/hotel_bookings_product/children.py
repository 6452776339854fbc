"""Child processes: each in a process group of its own, its output shown line by line.

Whatever happens, nothing of a child outlives its step: after Ctrl-C the group gets SIGINT and,
after a grace, SIGKILL; when this process itself is killed, the guard (guard.py) does the same.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from .stragglers import end_group, marked, signal_group

GRACE: Final = 10.0  # seconds between SIGINT and SIGKILL
# Environment variable that marks what this run started.
MARKER: Final = "HOTEL_BOOKINGS_LOOP"


@dataclass(frozen=True)
class Child:
    """A command that runs, who reads what it says, and the mark of all that it starts."""

    process: subprocess.Popen[str]
    reader: threading.Thread
    mark: str


class Children:
    """Starts child processes and leaves none behind."""

    def __init__(self, run_id: str, *, lock: int, grace: float = GRACE) -> None:
        """`lock` is a descriptor that the guard keeps open until the last child is gone."""
        self._marker = f"{MARKER}={run_id}"
        self._grace = grace
        self._started = 0
        self._guard = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.guard", self._marker, str(grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()
        self._guard.wait()

    def run(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        show: Callable[[str], None],
    ) -> int:
        """Run a command to its end and return its exit status (negative: ended by a signal)."""
        child = self.start(arguments, folder=folder, environment=environment, show=show)
        try:
            return child.process.wait()
        except BaseException:
            self._stop(child.process)
            raise
        finally:
            self._clear(child)

    def start(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        show: Callable[[str], None],
    ) -> Child:
        """Start a command that runs beside others until `end`."""
        self._started += 1
        mark = f"{self._marker}-{self._started}"
        process = subprocess.Popen(
            list(arguments),
            cwd=folder,
            env=self._environment(environment, mark),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        try:
            self._tell("watch", process.pid)
            reader = threading.Thread(target=_show_lines, args=(process.stdout, show), daemon=True)
            reader.start()
        except BaseException:
            self._stop(process)
            raise
        return Child(process, reader, mark)

    def end(self, child: Child) -> int:
        """End a command that was started, and what it left behind; its exit status."""
        try:
            if child.process.poll() is None:
                self._stop(child.process)
        finally:
            self._clear(child)
        return child.process.returncode

    def _environment(self, own: Mapping[str, str], mark: str) -> dict[str, str]:
        # The surrounding `make` and `uv run` must not reach into the other repositories.
        foreign = {"VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
        kept = {name: value for name, value in os.environ.items() if name not in foreign}
        name, _, value = mark.partition("=")
        return {**kept, "PYTHONUNBUFFERED": "1", **own, name: value}

    def _clear(self, child: Child) -> None:
        self._sweep(child)
        self._tell("forget", child.process.pid)
        child.reader.join(timeout=5)
        if child.process.stdout is not None and not child.reader.is_alive():
            child.process.stdout.close()

    def _stop(self, process: subprocess.Popen[str]) -> None:
        """Ask the group to end; a second Ctrl-C ends the waiting."""
        signal_group(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(timeout=self._grace)
        # Killed here already, so that the second Ctrl-C, too, finds nothing running.
        signal_group(process.pid, signal.SIGKILL)
        process.wait()

    def _sweep(self, child: Child) -> None:
        """End what the child left behind, in its group or out of it."""
        deadline = time.monotonic() + 1
        while marked(child.mark) and time.monotonic() < deadline:
            time.sleep(0.02)
        end_group(child.process.pid)
        for pid in marked(child.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _tell(self, word: str, pid: int) -> None:
        if self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.write(f"{word} {pid}\n")
                self._guard.stdin.flush()


def _show_lines(stream: IO[str] | None, show: Callable[[str], None]) -> None:
    if stream is not None:
        for line in stream:
            show(line.rstrip("\r\n"))
