"""A process that outlives the loop by a moment: if the loop is killed, it ends the loop's children.

It reads `watch PID` and `forget PID` from its standard input, which closes when the loop ends,
however that happens; what is still watched then is asked to end, and killed after a grace.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

from .stragglers import end_group, marked, signal_group


def watched(lines: Iterable[str]) -> set[int]:
    """Process groups still running when the lines end."""
    groups: set[int] = set()
    for line in lines:
        word, _, number = line.partition(" ")
        if word == "watch":
            groups.add(int(number))
        else:
            groups.discard(int(number))
    return groups


def end(groups: set[int], marker: str, grace: float) -> None:
    """Ask the groups to end, kill them after the grace, and with them what they left behind."""
    deadline = time.monotonic() + grace
    for group in groups:
        signal_group(group, signal.SIGINT)
    while time.monotonic() < deadline and any(_runs(group) for group in groups):
        time.sleep(0.1)
    for group in groups:
        end_group(group)
    for pid in marked(marker):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _runs(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def main() -> None:
    """Wait for the loop's end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    marker, grace = sys.argv[1:]
    # Also with no group left: the loop may have ended before it could name one.
    end(watched(sys.stdin), marker, float(grace))


if __name__ == "__main__":
    main()
