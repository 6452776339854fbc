"""Ends what a compute session started, however the session's own process ends.

Run as `python compute_guard.py FOLDER`: it waits until its standard input closes, which the kernel
does even after kill -9, then ends every process that was started with COMPUTE_SESSION=FOLDER and
removes the folder. Where there is no /proc (macOS), the compute's own reaper ends the processes.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

LOOKS = 5  # in a row that find nothing
TITLE = b"ray::"


def main() -> None:
    """Wait for the end of standard input, then clean up."""
    folder = sys.argv[1]
    # A signal to the whole group is meant for the session: this process has still to clean up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdin.buffer.read()
    empty = 0
    for _ in range(50):
        found = list(_started(folder))
        empty = 0 if found else empty + 1
        # A process that is just being started shows no environment: one look is not enough.
        if empty == LOOKS:
            break
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def _started(folder: str) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (_is_marked(entry, folder) or _is_titled(entry, folder)) and not _is_zombie(entry):
                yield int(entry.name)


def _is_marked(entry: Path, folder: str) -> bool:
    return f"COMPUTE_SESSION={folder}".encode() in (entry / "environ").read_bytes().split(b"\0")


def _is_titled(entry: Path, folder: str) -> bool:
    """A title is written over the arguments, and over the mark if that comes next to them."""
    if not (entry / "cmdline").read_bytes().startswith(TITLE):
        return False
    return any(file.readlink().is_relative_to(folder) for file in (entry / "fd").iterdir())


def _is_zombie(entry: Path) -> bool:
    return (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


if __name__ == "__main__":
    main()
