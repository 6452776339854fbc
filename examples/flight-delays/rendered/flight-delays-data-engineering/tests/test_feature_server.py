"""The feature server, asked over HTTP, says what the port says."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from synthetic import NOON

from flight_delays_data_engineering import entities, feature_server, features
from flight_delays_data_engineering.settings import PREFIX, Settings


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[str]:
    """The command on a free port, at the instant that the store was filled for."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    told = {
        f"{PREFIX}_STATE": str(settings.state),
        f"{PREFIX}_FEATURE_STORE": settings.extra["feature_store"],
        f"{PREFIX}_CLOCK": NOON.isoformat(),
    }
    command = [sys.executable, "-m", feature_server.__name__, f"--port={port}"]
    process = subprocess.Popen(command, env={**os.environ, **told})
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not is_up(address):
            assert process.poll() is None, "it has ended"
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15)


def is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(address: str, document: object) -> tuple[int, Any]:
    """What it answers, and with which status."""
    request = urllib.request.Request(
        f"{address}/features",
        data=json.dumps(document).encode(),
        headers={"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def known(settings: Settings) -> list[str]:
    """Keys that the store knows."""
    path = settings.state / "features" / "entities.parquet"
    found = []
    for key in map(str, pq.read_table(path)[entities.KEY].to_pylist()):
        try:
            features.online(settings, [key], NOON)
        except features.UnknownEntity:
            continue
        found.append(key)
    return found


def test_it_answers_what_the_port_says(server: str, settings: Settings) -> None:
    keys = known(settings)[:5]
    status, answer = ask(server, {"keys": keys})
    assert status == 200
    assert datetime.fromisoformat(answer["at"]).astimezone(UTC) == NOON
    wanted = features.online(settings, keys, NOON)
    wanted = wanted.astype(object).where(wanted.notna(), None)
    assert answer["features"] == wanted.to_dict("records")
    assert [row[entities.KEY] for row in answer["features"]] == keys


@pytest.mark.parametrize(
    ("document", "status", "words"),
    [
        ({"keys": ["nobody"]}, 404, "nobody"),
        ({"keys": []}, 422, "keys"),
        ({"keys": [1]}, 422, "keys"),
        ({}, 422, "keys"),
    ],
)
def test_what_it_cannot_answer_is_told(
    server: str, document: object, status: int, words: str
) -> None:
    found, answer = ask(server, document)
    assert found == status
    assert words in json.dumps(answer)


def test_a_store_that_is_not_filled_is_told(server: str, settings: Settings) -> None:
    database = settings.state / "feature_store" / "online.db"
    aside = database.rename(database.with_suffix(".aside"))
    try:
        status, answer = ask(server, {"keys": ["any"]})
    finally:
        aside.rename(database)
    assert status == 503
    assert "materialise" in answer["detail"]
