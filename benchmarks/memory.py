"""Memory of a run with everything that it starts, wherever those processes hang in the tree."""

import contextlib
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Self

import psutil

MARK = "NINEFOLD_BENCHMARK"
EVERY_SECONDS = 0.25


class Sampler:
    """Samples, several times a second, the memory of all processes that inherited its mark.

    Shared pages are counted once where the system can tell (PSS on Linux); elsewhere what is
    resident is added up, which counts them several times.
    """

    def __init__(self) -> None:
        self.samples: list[tuple[float, int]] = []
        self._mark = uuid.uuid4().hex
        self._known: dict[tuple[int, float], bool] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def variables(self) -> Mapping[str, str]:
        """To be set in the environment of what is started."""
        return {MARK: self._mark}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join()

    def peak(self, start: float, end: float) -> int:
        """The most between two instants of `time.monotonic`."""
        return max((size for at, size in self.samples if start <= at <= end), default=0)

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self.samples.append((time.monotonic(), sum(map(_bytes, self._marked()))))

    def _marked(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                identity = (process.pid, process.create_time())
                if identity not in self._known:
                    environment = process.environ()
                    # A process that was just forked shows its parent's environment only later.
                    if not environment:
                        continue
                    self._known[identity] = environment.get(MARK) == self._mark
                if self._known[identity]:
                    found.append(process)
        return found


def _bytes(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except (psutil.Error, OSError):
        return 0
