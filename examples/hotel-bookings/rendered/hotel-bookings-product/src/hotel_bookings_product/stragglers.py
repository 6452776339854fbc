"""Processes that outlive the command that started them, found and ended."""

import contextlib
import os
import signal
from pathlib import Path


def signal_group(group: int, number: signal.Signals) -> bool:
    """Signal every process of a group; False when there is none left."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS answers this for a group of zombies
        return False
    return True


def end_group(group: int) -> None:
    """Kill what is left of a group."""
    signal_group(group, signal.SIGKILL)


def marked(marker: str) -> list[int]:
    """Processes with this `NAME=value` in their environment, where the system shows it (Linux).

    The mark of a loop is also that of each of its commands, which goes on after a hyphen.
    """
    found = []
    needle = marker.encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (folder / "environ").read_bytes().split(b"\0")
            if any(one == needle or one.startswith(needle + b"-") for one in variables):
                found.append(int(folder.name))
    return [pid for pid in found if pid != os.getpid() and not _is_zombie(pid)]


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[:1] == ["Z"]
