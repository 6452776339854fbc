"""`flight-delays-serving serve`: starts the prediction service and sees that it ends.

BentoML's supervisor restarts a worker that fails at its start for ever, and outlives its parent.
Here a service whose workers keep dying stops with one line, and so does one whose parent is gone.
"""

import argparse
import errno
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from .faults import Fault
from .lifeline import follow_parent
from .settings import PREFIX, Settings

SERVICE: Final = "flight_delays_serving.service:FlightDelays"
PORT: Final = 3000
RESTARTS: Final = 3  # of a worker within the window; one more stops the service
WINDOW: Final = 600.0  # seconds
EVERY: Final = 0.25  # seconds between two looks at the workers
FAILING: Final = "the workers of the service keep ending; the lines above say why"


def serve(settings: Settings, arguments: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM."""
    options = _options(settings, arguments)
    _require_free(options.host, options.port)
    home = Path(os.environ["BENTOML_HOME"]) / str(options.port)
    # Read in this process and in the workers. A home per port: a second service on the same state
    # would remove the metrics of the first.
    os.environ["BENTOML_HOME"] = str(home)
    os.environ[f"{PREFIX}_WORKERS"] = str(options.workers)
    os.environ[f"{PREFIX}_SUPERVISOR"] = str(os.getpid())
    import bentoml

    restarts = RestartLimit(options.workers)
    restarts.watch()
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # `nohup` asks to outlive the parent
        follow_parent()
    print(f"serving on http://{options.host}:{options.port} (Ctrl-C ends)", flush=True)
    try:
        bentoml.serve(SERVICE, host=options.host, port=options.port, blocking=True)
    except OSError as error:
        raise _port_fault(options.host, options.port, error) from None
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if restarts.exceeded:
        raise Fault(FAILING)
    print("service ended", flush=True)
    return 0


class RestartLimit:
    """Counts the processes that the supervisor starts, and stops it when they are too many."""

    def __init__(self, workers: int) -> None:
        self.exceeded = False
        self._most = workers * (1 + RESTARTS)
        self._started: dict[int, float] = {}

    def watch(self) -> None:
        """Look at the children again and again, in the background."""
        before = {child.pid for child in psutil.Process().children()}
        thread = threading.Thread(target=self._watch, args=(before,), daemon=True)
        thread.start()

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


def _options(settings: Settings, arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="flight-delays-serving serve",
        description="Serve predictions until Ctrl-C.",
    )
    # On a laptop nobody else may ask; elsewhere the network policy says who may.
    host = "127.0.0.1" if settings.target == "local" else "0.0.0.0"  # noqa: S104
    parser.add_argument("--host", default=os.environ.get(f"{PREFIX}_HOST", host))
    parser.add_argument("--port", type=_port, default=os.environ.get(f"{PREFIX}_PORT", PORT))
    parser.add_argument("--workers", type=_workers, default=1, help="each takes about 400 MB")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("give 1 to 64 workers")
    return int(text)


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise _port_fault(host, port, error) from None


def _port_fault(host: str, port: int, error: OSError) -> Exception:
    choose = f"choose another one: --port N or {PREFIX}_PORT"
    if error.errno == errno.EADDRINUSE:
        return Fault(f"port {port} on {host} is in use; stop what listens there, or {choose}")
    if error.errno == errno.EACCES:
        return Fault(f"port {port} on {host} is not allowed for this user; {choose}")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return Fault(f"{host} is no address of this machine; give one: --host 127.0.0.1")
    return error
