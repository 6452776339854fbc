"""What runs beside the rounds: the prediction service, and a heartbeat that asks it all the time."""

import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from .children import Child, Children
from .faults import Fault
from .settings import PREFIX

SERVICE: Final = f"{PREFIX}_SERVICE"


class Companions:
    """Started when the first step needs them, ended with the loop, whatever ends it."""

    def __init__(
        self,
        children: Children,
        start: Callable[[str], tuple[list[str], Path, Mapping[str, str]]],
        logs: Path,
    ) -> None:
        """`start` gives the command, folder and environment of a command of the serving role."""
        self._children = children
        self._start = start
        self._logs = logs
        self._running: dict[str, tuple[Child, IO[str]]] = {}
        self._port = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in reversed(list(self._running)):
            child, log = self._running.pop(name)
            try:
                self._children.end(child)
            finally:
                log.close()

    @property
    def variables(self) -> Mapping[str, str]:
        """What tells a step where the service is."""
        return {SERVICE: f"http://127.0.0.1:{self._port}"} if self._port else {}

    def serve(self) -> None:
        """Have the service running."""
        if "serve" in self._running:
            self._check()
            return
        self._port = _free_port()
        self._begin("serve", "--host", "127.0.0.1", "--port", str(self._port))

    def ask(self) -> None:
        """Have the heartbeat running, too."""
        self.serve()
        if "heartbeat" not in self._running:
            self._begin("heartbeat")

    def _begin(self, name: str, *options: str) -> None:
        command, folder, environment = self._start(name)
        self._logs.mkdir(parents=True, exist_ok=True)
        log = (self._logs / f"{name}.log").open("w", encoding="utf-8", buffering=1)

        def keep(line: str) -> None:
            if not log.closed:
                log.write(f"{line}\n")

        child = self._children.start(
            [*command, *options],
            folder=folder,
            environment={**environment, **self.variables},
            show=keep,
        )
        self._running[name] = (child, log)

    def _check(self) -> None:
        for name, (child, log) in self._running.items():
            status = child.process.poll()
            if status is not None:
                raise Fault(
                    f"`{name}`, which runs beside the rounds, ended (exit status {status}); "
                    f"{log.name} says why; mend it and run again: what is done stays done"
                )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
