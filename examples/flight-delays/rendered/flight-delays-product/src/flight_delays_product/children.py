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
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from .stragglers import end_group, marked, signal_group

GRACE: Final = 10.0  # seconds between SIGINT and SIGKILL
# Environment variable that marks what this run started.
MARKER: Final = "FLIGHT_DELAYS_LOOP"


class Children:
    """Starts child processes one at a time and leaves none behind."""

    def __init__(self, run_id: str, *, lock: int, grace: float = GRACE) -> None:
        """`lock` is a descriptor that the guard keeps open until the last child is gone."""
        self._marker = f"{MARKER}={run_id}"
        self._grace = grace
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
        process = subprocess.Popen(
            list(arguments),
            cwd=folder,
            env=self._environment(environment),
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
            code = process.wait()
        except BaseException:
            self._stop(process)
            raise
        finally:
            self._sweep(process.pid)
            self._tell("forget", process.pid)
        reader.join(timeout=5)
        if process.stdout is not None and not reader.is_alive():
            process.stdout.close()
        return code

    def _environment(self, own: Mapping[str, str]) -> dict[str, str]:
        # The surrounding `make` and `uv run` must not reach into the other repositories.
        foreign = {"VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
        kept = {name: value for name, value in os.environ.items() if name not in foreign}
        name, _, run_id = self._marker.partition("=")
        return {**kept, "PYTHONUNBUFFERED": "1", **own, name: run_id}

    def _stop(self, process: subprocess.Popen[str]) -> None:
        """Ask the group to end; a second Ctrl-C ends the waiting."""
        signal_group(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(timeout=self._grace)
        # Killed here already, so that the second Ctrl-C, too, finds nothing running.
        signal_group(process.pid, signal.SIGKILL)
        process.wait()

    def _sweep(self, group: int) -> None:
        """End what the child left behind, in its group or out of it."""
        deadline = time.monotonic() + 1
        while marked(self._marker) and time.monotonic() < deadline:
            time.sleep(0.02)
        end_group(group)
        for pid in marked(self._marker):
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
