"""The online store on a server that speaks Redis's protocol, in Feast's own layout.

Whoever reads finds the store of before or the new one, nothing in between: rows are written under
another project's name, and one transaction renames them and removes what was there. An address that
starts with `rediss://` is of a server whose connections are encrypted.
"""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import redis

from .faults import Fault

PASSWORD: Final = "FEATURE_STORE_ONLINE_PASSWORD"  # noqa: S105 - the variable's name
TIMEOUT: Final = 5  # seconds
ENCRYPTED: Final = "rediss://"
LEFTOVER: Final = 24 * 3600  # seconds after which what a kill left behind is gone
SCANNED: Final = 10_000  # keys at a time


def config(address: str, *, kept: int | None = None) -> dict[str, Any]:
    """Feast's configuration of the store at `host:port`; rows are kept for some seconds or ever."""
    host, port = _place(address)
    words = [f"{host}:{port}", f"socket_timeout={TIMEOUT}", f"socket_connect_timeout={TIMEOUT}"]
    if address.startswith(ENCRYPTED):
        words.append("ssl=true")
    if password := os.environ.get(PASSWORD):
        words.append(f"password={json.dumps(password)}")
    string = ",".join(words)
    return {"type": "redis", "connection_string": string, "key_ttl_seconds": kept}


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


def replace(address: str, project: str, write: Callable[[str], None]) -> None:
    """Call `write` with the name of a project to write to; then that is what `project` holds."""
    staged = f"{project}_{uuid.uuid4().hex}"
    write(staged)
    client, index = _client(address), _index(project)
    end = staged.encode()
    written = [
        key for key in client.scan_iter(match=b"*" + end, count=SCANNED) if key.endswith(end)
    ]
    renamed = {key: key[: -len(end)] + project.encode() for key in written}

    def swap(pipe: Any) -> None:
        before = pipe.smembers(index)
        pipe.multi()
        for gone in before.difference(renamed.values()):
            pipe.unlink(gone)
        for old, new in renamed.items():
            pipe.rename(old, new)
            pipe.persist(new)
        pipe.delete(index)
        # A store without a row is filled as well.
        pipe.sadd(index, b"", *renamed.values())

    # Tried again when another materialisation ends at the same time.
    client.transaction(swap, index)


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
