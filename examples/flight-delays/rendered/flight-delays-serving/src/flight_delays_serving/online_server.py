"""The online store on a server that speaks Redis's protocol, in Feast's own layout.

Whoever reads finds the store of before or the new one, nothing in between: rows are written under
another project's name, and one transaction renames them and removes what was there. An address that
starts with `rediss://` is of a server whose connections are encrypted.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import redis

from .faults import Fault

PASSWORD: Final = "FEATURE_STORE_ONLINE_PASSWORD"  # noqa: S105 - the variable's name
TIMEOUT: Final = 5  # seconds
ENCRYPTED: Final = "rediss://"


def config(address: str) -> dict[str, Any]:
    """Feast's configuration of the store at `host:port`."""
    host, port = _place(address)
    words = [f"{host}:{port}", f"socket_timeout={TIMEOUT}", f"socket_connect_timeout={TIMEOUT}"]
    if address.startswith(ENCRYPTED):
        words.append("ssl=true")
    if password := os.environ.get(PASSWORD):
        words.append(f"password={json.dumps(password)}")
    return {"type": "redis", "connection_string": ",".join(words)}


@contextmanager
def told(address: str) -> Iterator[None]:
    """A server that is away or refuses is told in one line with the remedy."""
    try:
        yield
    except redis.RedisError as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise Fault(
            f"the online store at {address} does not answer ({why}); see that it runs, and that "
            f"{PASSWORD} holds its password"
        ) from None


def require_filled(address: str, project: str) -> None:
    """`Fault` when nothing was ever materialised."""
    if not _client(address).exists(_index(project)):
        raise Fault(f"the online store at {address} is empty; run the step `materialise` first")


@lru_cache(maxsize=2)
def _client(address: str) -> Any:
    host, port = _place(address)
    return redis.Redis(
        host=host,
        port=port,
        password=os.environ.get(PASSWORD),
        ssl=address.startswith(ENCRYPTED),
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
    )


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("redis://").removeprefix(ENCRYPTED).rpartition(":")
    if not host or not port.isdigit():
        raise Fault(f"feature_store_online is {address!r}; write host:port or {ENCRYPTED}host:port")
    return host, int(port)


def _index(project: str) -> str:
    """The set of all keys that a project has, whatever else the server holds."""
    return f"{project}.materialised"
