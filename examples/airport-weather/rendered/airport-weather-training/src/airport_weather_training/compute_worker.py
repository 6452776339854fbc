"""A worker: runs the tasks that come in through a socket pair, and ends when it closes.

The kernel closes it with the process at its other end, however that one ends. A thread waits for
this while a task runs, so that nothing outlives the step.
"""

import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

import cloudpickle


def main() -> None:
    """Answer tasks until the other end is closed."""
    pipe = Connection(int(sys.argv[1]))
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, tasks), daemon=True).start()
    while True:
        pipe.send_bytes(_answer(tasks.get()))


def _receive(pipe: Connection, tasks: "queue.SimpleQueue[bytes]") -> None:
    try:
        while True:
            tasks.put(pipe.recv_bytes())
    except (EOFError, OSError):
        pass
    # The worker leads a group of its own; what its task has started is in it.
    os.killpg(0, signal.SIGKILL)


def _answer(message: bytes) -> bytes:
    try:
        function, arguments = cloudpickle.loads(message)
        found: Any = function(*arguments)
    except Exception as error:
        found = error
    try:
        return bytes(cloudpickle.dumps(found))
    except Exception as error:
        return bytes(cloudpickle.dumps(TypeError(f"the result cannot leave the worker: {error}")))


if __name__ == "__main__":
    main()
