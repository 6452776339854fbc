"""Ends a process whose parent is gone: a killed parent leaves no process behind."""

import os
import signal
import threading
import time
from typing import Final

EVERY: Final = 0.5  # seconds between two looks
GRACE: Final = 10.0  # seconds to end before the end is forced


def follow_parent(parent: int | None = None) -> None:
    """Stop this process soon after its parent ended, however that happened.

    Give the parent's id where it may be gone before this is called: the process has then been
    adopted by another one. The first process of a container has no parent to follow.
    """
    followed = os.getppid() if parent is None else parent
    if followed > 1:
        threading.Thread(target=_follow, args=(followed,), name="lifeline", daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
