"""A service to ask: the one whose URL is given, or one started for this step alone.

The product's loop keeps a service running over all rounds and names it in `AIRPORT_WEATHER_SERVICE`.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from .client import Client
from .faults import Fault
from .settings import PREFIX, Settings

SERVICE: Final = f"{PREFIX}_SERVICE"
READY_SECONDS: Final = 180.0
STOP_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Service:
    """Where a service answers, and how long it took to be ready."""

    host: str
    port: int
    ready_seconds: float = 0.0

    def client(self) -> Client:
        """A connection to it."""
        return Client(self.port, self.host)


def given() -> Service | None:
    """The service that the environment names."""
    text = os.environ.get(SERVICE, "")
    if not text:
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme != "http" or not host or not port:
        raise Fault(f"{SERVICE}={text} is no URL; write http://127.0.0.1:3000")
    return Service(host, port)


@contextmanager
def service(settings: Settings, clock: str, log: Path) -> Iterator[Service]:
    """A service that is ready, as of `clock`; one that was started here ends here."""
    found = given()
    if found is not None:
        seconds = _wait_until_ready(found, lambda: "")
        yield Service(found.host, found.port, seconds)
        return
    found = Service("127.0.0.1", _free_port())
    with _process(settings, found.port, clock, log) as process:
        seconds = _wait_until_ready(found, lambda: _ended(process, log))
        yield Service(found.host, found.port, seconds)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _process(
    settings: Settings,
    port: int,
    clock: str,
    log: Path,
) -> Iterator[subprocess.Popen[bytes]]:
    """The command that a user runs; it ends with this process, however this one ends."""
    command = [sys.executable, "-m", "airport_weather_serving", "serve"]
    options = ["--host", "127.0.0.1", "--port", str(port)]
    variables = {
        f"{PREFIX}_STATE": str(settings.state),
        f"{PREFIX}_ENVIRONMENT": settings.environment,
        f"{PREFIX}_CLOCK": clock,
    }
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, *options],
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the service to end; after a while end its whole group."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(found: Service, ended: Callable[[], str]) -> float:
    """Seconds until it was ready; `ended` says why it never will be."""
    started = time.monotonic()
    answer = "it does not answer"
    while time.monotonic() - started < READY_SECONDS:
        if why := ended():
            raise Fault(why)
        try:
            with Client(found.port, found.host, timeout=5.0) as client:
                reply = client.get("/readyz")
        except OSError:
            time.sleep(0.1)
            continue
        if reply.status == 200:
            return time.monotonic() - started
        answer = reply.text.strip()
        time.sleep(0.2)
    raise Fault(
        f"the service on port {found.port} is not ready after {READY_SECONDS:.0f} s: {answer}; "
        "its log says more"
    )


def _ended(process: subprocess.Popen[bytes], log: Path) -> str:
    if process.poll() is None:
        return ""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    last = lines[-1].removeprefix("error: ") if lines else "it said nothing"
    return f"the service ended at its start: {last}; all of it: {log}"
