"""Start programs that outlive us, and find and stop exactly those again, also after a crash.

Each carries a mark in its environment, which its children inherit. Unlike a list of process ids
the mark is there from the first moment, whoever dies when, and no later process can inherit it by
getting the same id.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from .faults import Fault

MARK = "NINEFOLD_TEST_BED"
PROC = Path("/proc")
_children: "list[subprocess.Popen[bytes]]" = []  # ours to bury


def start(
    command: Sequence[str | Path], folder: Path, name: str, prefix: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Start a program of the cluster in this folder; what it says goes to a log."""
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    with (logs / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            [*prefix, *map(str, command)],
            cwd=folder,
            env={**os.environ, MARK: str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _children.append(child)
    return child


def marked(folder: Path) -> list[int]:
    """The ids of all processes of the cluster in this folder."""
    mark = f"{MARK}={folder}".encode()
    return [one for one in _everyone() if mark in _environment(one)]


def stop(folder: Path, seconds: float = 30.0) -> None:
    """Kill all of them, and those that they start meanwhile; the cluster's data are thrown away."""
    deadline = time.monotonic() + seconds
    while found := marked(folder):
        for one in found:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise Fault(f"processes {found} of {folder.name} do not end")
        time.sleep(0.05)
        _children[:] = [child for child in _children if child.poll() is None]


def born(process: int) -> str:
    """When a process was started; with its id that is an identity. Empty if there is none."""
    fields = _status(process)
    return "" if not fields or fields[0] in "ZX" else fields[19]


def parent(process: int) -> int:
    """The id of the process that started it; 0 if there is none."""
    fields = _status(process)
    return int(fields[1]) if fields else 0


def said(folder: Path, name: str, lines: int = 5) -> str:
    """The end of what a program said."""
    path = folder / "logs" / f"{name}.log"
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return "\n".join(text.splitlines()[-lines:])


def _status(process: int) -> list[str]:
    try:
        text = (PROC / str(process) / "stat").read_text(encoding="utf-8")
    except OSError:
        return []
    # The second field is a name in brackets, which may hold anything.
    return text.rpartition(")")[2].split()


def _everyone() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _environment(process: int) -> list[bytes]:
    try:
        return (PROC / str(process) / "environ").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is another user's
        return []
