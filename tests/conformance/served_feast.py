"""Within a suite that meets servers: each test has a store and a prefix of its own."""

import importlib
import os
import uuid
from collections.abc import Iterator

import pytest

ONLINE, OFFLINE = "FLIGHT_DELAYS_FEATURE_STORE_ONLINE", "FLIGHT_DELAYS_FEATURE_STORE_OFFLINE"


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of the tests before is seen; nothing is left under the name of what was staged."""
    host, _, port = os.environ[ONLINE].partition(":")
    password = os.environ["FEATURE_STORE_ONLINE_PASSWORD"]
    # There where the suite runs, not where it is checked.
    store = importlib.import_module("redis").Redis(host=host, port=int(port), password=password)
    store.flushall()
    monkeypatch.setenv(OFFLINE, f"{os.environ[OFFLINE]}/{uuid.uuid4().hex}")
    yield
    assert not list(store.scan_iter(match=f"*flight_delays_{'?' * 32}"))
