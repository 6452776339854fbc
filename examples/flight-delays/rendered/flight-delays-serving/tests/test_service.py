"""The service as a user starts it: a process that answers over HTTP, and that ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import psutil
import pytest
from conftest import (
    KEYS,
    contract,
    row,
)
from standins import Family, build

from flight_delays_serving import restarts
from flight_delays_serving.client import Client


@pytest.fixture
def family(tmp_path: Path) -> Family:
    """A family without a model."""
    return build(tmp_path)


@contextmanager
def started(
    family: Family,
    *options: str,
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    process = subprocess.Popen(
        family.command("serve", "--port", str(port), *options),
        env=family.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, port
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(port: int, path: str, status: int, seconds: float = 60.0) -> str:
    """The body of the answer once it has this status."""
    last = "nothing"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with Client(port) as client:
                reply = client.get(path)
        except OSError:
            time.sleep(0.1)
            continue
        if reply.status == status:
            return reply.text
        last = f"{reply.status} {reply.text}"
        time.sleep(0.1)
    raise AssertionError(f"{path} answered {last}")


def gone(pids: list[int], seconds: float = 20.0) -> bool:
    """Whether all processes end in time."""
    deadline = time.monotonic() + seconds
    while any(psutil.pid_exists(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_the_life_of_a_service(family: Family) -> None:
    with started(family) as (process, port):
        assert "champion" in wait_for(port, "/readyz", 503)
        with Client(port) as client:
            assert client.get("/livez").status == 200
            assert client.predict({"keys": list(KEYS)}).status == 503
            family.add("1")
            wait_for(port, "/readyz", 200)

            by_key = client.predict({"keys": list(KEYS), "features": True}, request_id="mine")
            by_row = client.predict({"rows": [row(0), row(1)]})
            assert (by_key.status, by_row.status) == (200, 200), by_key.text + by_row.text
            assert by_key.document["request_id"] == "mine"
            first = [entry["prediction"] for entry in by_key.document["predictions"]]
            second = [entry["prediction"] for entry in by_row.document["predictions"]]
            assert first == pytest.approx(second, rel=1e-9)

            assert client.predict({"keys": ["unheard-of"]}).status == 404
            assert client.predict({"rows": [{}]}).status == 422
            assert client.predict({"keys": [KEYS[0]]}, content_type="text/plain").status == 415
            assert client.predict(b" " * (1 << 21)).status == 413
            assert client.get("/predict").status == 405

            family.add("2", rounds=9)
            seen = set()
            deadline = time.monotonic() + 20
            while "2" not in seen and time.monotonic() < deadline:
                reply = client.predict({"rows": [row(0)]})
                assert reply.status == 200
                seen.add(reply.document["predictions"][0]["model_version"])
            assert "2" in seen
            metrics = client.get("/metrics").text
        assert '_predictions_total{model_version="1"}' in metrics
        assert '_failures_total{reason="unknown_key"} 1.0' in metrics
        assert '_model_info{model_version="2"} 1.0' in metrics

        text = (family.state / "serving" / "predictions.jsonl").read_text("utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines[:4]:
            jsonschema.validate(line, contract("prediction-log"))
        assert sum(line["request_id"] == "mine" for line in lines) == len(KEYS)

        pids = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0, output
        assert "Traceback" not in output
        assert pids
        assert gone(pids)


def test_a_killed_service_leaves_no_process(family: Family) -> None:
    family.add("1")
    with started(family) as (process, port):
        wait_for(port, "/readyz", 200)
        pids = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        assert pids
        process.kill()
        process.wait()
        assert gone(pids)


def test_workers_that_keep_ending_stop_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()
    monkeypatch.setattr(restarts, "EVERY", 0.02)
    monkeypatch.setattr(os, "kill", lambda pid, number: stopped.set())
    limit = restarts.RestartLimit(workers=1)
    limit.watch()
    for start in range(1 + restarts.RESTARTS + 1):
        assert not stopped.is_set(), f"stopped at start {start}"
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.2)"], check=True)
    assert stopped.wait(5)
    assert limit.exceeded


def test_a_taken_port_is_said_in_one_line(family: Family) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = family.call(["serve", "--port", str(port)])
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert f"port {port}" in answer.stderr
    assert "--port" in answer.stderr
