"""Where the service listens: its options, and what to say when it cannot have its port."""

import argparse
import errno
import os
import socket
from collections.abc import Sequence
from typing import Final

from .faults import Fault
from .settings import PREFIX, Settings

PORT: Final = 3000


def options(settings: Settings, arguments: Sequence[str]) -> argparse.Namespace:
    """Host, port and number of workers."""
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


def require_free(host: str, port: int) -> None:
    """Raise `Fault` when nobody can listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise port_fault(host, port, error) from None


def port_fault(host: str, port: int, error: OSError) -> Exception:
    """What to tell the user about an address that cannot be had; the error itself if unknown."""
    choose = f"choose another one: --port N or {PREFIX}_PORT"
    if error.errno == errno.EADDRINUSE:
        return Fault(f"port {port} on {host} is in use; stop what listens there, or {choose}")
    if error.errno == errno.EACCES:
        return Fault(f"port {port} on {host} is not allowed for this user; {choose}")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return Fault(f"{host} is no address of this machine; give one: --host 127.0.0.1")
    return error


def _port(text: str) -> int:
    if not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("give 1 to 64 workers")
    return int(text)
