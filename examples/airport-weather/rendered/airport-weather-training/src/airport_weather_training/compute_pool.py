"""Worker processes as the step sees them: who has which task, who was lost, and their end."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, Pipe, wait
from types import TracebackType
from typing import Any, Final, Self

import cloudpickle

WORKER: Final = f"{__package__}.compute_worker"
Task = tuple[Callable[..., Any], Sequence[object]]


class Lost(Exception):
    """A worker ended in the middle of its task."""


class Worker:
    """One process with its end of a socket pair, which closes when this process ends."""

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", WORKER, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                # It finds what this process finds, also the modules beside a script or a test.
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches this process alone, which then ends the worker's whole group.
                start_new_session=True,
            )
        finally:
            theirs.close()

    def ask(self, task: Task) -> None:
        """Hand over a task; a worker that is gone shows when its answer is read."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send_bytes(cloudpickle.dumps(task))

    def answer(self) -> Any:
        """The result, or the exception that the task raised; `Lost` when the worker has ended."""
        try:
            return cloudpickle.loads(self.pipe.recv_bytes())
        except (EOFError, ConnectionResetError):
            return Lost(self.end())

    def end(self) -> str:
        """Kill the worker and all that it started; say how it ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.pipe.close()
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit status {code}"


class Pool:
    """Up to so many workers, started as they are needed and ended together."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._workers: list[Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.end()

    def run(self, tasks: Sequence[Task], *, attempts: int) -> Iterator[tuple[int, Any]]:
        """The place of each task and its answer, as they end; `Lost` after so many attempts."""
        waiting = [(number, 1) for number in reversed(range(len(tasks)))]
        busy: dict[Connection, tuple[Worker, int, int]] = {}
        free = list(self._workers)
        try:
            while waiting or busy:
                while waiting and len(busy) < self._size:
                    number, attempt = waiting.pop()
                    worker = free.pop() if free else self._start()
                    worker.ask(tasks[number])
                    busy[worker.pipe] = worker, number, attempt
                ready = wait(list(busy))
                for pipe in [one for one in busy if one in ready]:
                    worker, number, attempt = busy.pop(pipe)
                    answer = worker.answer()
                    if isinstance(answer, Lost):
                        self._workers.remove(worker)
                    else:
                        free.append(worker)
                    if isinstance(answer, Lost) and attempt < attempts:
                        waiting.append((number, attempt + 1))
                    else:
                        yield number, answer
        finally:
            # Whoever stopped asking wants no answer to what is still running.
            for worker, *_ in busy.values():
                self._workers.remove(worker)
                worker.end()

    def _start(self) -> Worker:
        worker = Worker()
        self._workers.append(worker)
        return worker
