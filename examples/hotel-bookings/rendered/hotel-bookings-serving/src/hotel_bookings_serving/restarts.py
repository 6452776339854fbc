"""Ends a service whose workers keep ending, however its server would go on restarting them."""

import os
import signal
import threading
import time
from typing import Final

import psutil

RESTARTS: Final = 3  # of a worker within the window; one more stops the service
WINDOW: Final = 600.0  # seconds
EVERY: Final = 0.25  # seconds between two looks at the workers
FAILING: Final = "the workers of the service keep ending; the lines above say why"


class RestartLimit:
    """Counts the processes that this one starts, and stops it when they are too many."""

    def __init__(self, workers: int) -> None:
        self.exceeded = False
        self._most = workers * (1 + RESTARTS)
        self._started: dict[int, float] = {}

    def watch(self) -> None:
        """Look at the children again and again, in the background."""
        before = {child.pid for child in psutil.Process().children()}
        thread = threading.Thread(target=self._watch, args=(before,), daemon=True)
        thread.start()

    def forget(self) -> None:
        """Count anew: the workers are replaced on purpose."""
        self._started = {}

    def _watch(self, before: set[int]) -> None:
        process = psutil.Process()
        while not self.exceeded:
            time.sleep(EVERY)
            for pid in {child.pid for child in process.children()} - before:
                self._started.setdefault(pid, time.monotonic())
            since = time.monotonic() - WINDOW
            self._started = {p: start for p, start in self._started.items() if start > since}
            self.exceeded = len(self._started) > self._most
        os.kill(os.getpid(), signal.SIGTERM)
