"""The service as a user starts it: a process that answers over HTTP, and that ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema
import psutil
import pytest
from conftest import (
    KEYS,
    contract,
    package,
    row,
)

import flight_delays_serving
from flight_delays_serving import serve
from flight_delays_serving.client import Client
from flight_delays_serving.settings import PREFIX

# The two ports that a service needs, on files of the state folder.
REGISTRY: Final = """
from pathlib import Path
import shutil
from dataclasses import dataclass
from .faults import Fault

@dataclass(frozen=True)
class ModelVersion:
    version: str
    digest: str

def current(settings, alias):
    name = settings.state / "versions" / alias
    version = name.read_text() if name.exists() else None
    return version

def load(settings, alias, into):
    version = current(settings, alias)
    if version is None:
        raise Fault("no model has the alias champion")
    shutil.copytree(settings.state / "versions" / version, into)
    return ModelVersion(version, "")
"""
FEATURES: Final = """
import json
import pandas as pd

class UnknownEntity(Exception):
    pass

def online(settings, keys, now):
    rows = json.loads((settings.state / "rows.json").read_text())
    unknown = [key for key in keys if key not in rows]
    if unknown:
        raise UnknownEntity("unknown: " + ", ".join(unknown))
    return pd.DataFrame([rows[key] for key in keys])
"""


@dataclass
class Family:
    """A state folder and the package with its ports on that folder."""

    root: Path

    def add(self, version: str, **how: Any) -> None:
        """A version that becomes the champion."""
        package(self.root / "state" / "versions" / version, **how)
        self.promote(version)

    def promote(self, version: str) -> None:
        """Move the alias."""
        partial = self.root / "state" / "versions" / ".champion"
        partial.write_text(version, "utf-8")
        partial.replace(partial.with_name("champion"))

    def command(self, port: int, *options: str) -> list[str]:
        """What starts the service."""
        module = [sys.executable, "-m", "flight_delays_serving"]
        return [*module, "serve", "--port", str(port), *options]

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of the process."""
        own = {"PYTHONPATH": str(self.root / "code"), f"{PREFIX}_STATE": str(self.root / "state")}
        return {**os.environ, **own}


@pytest.fixture
def family(tmp_path: Path) -> Family:
    source = Path(flight_delays_serving.__file__).parent
    code = tmp_path / "code" / source.name
    shutil.copytree(source, code, ignore=shutil.ignore_patterns("__pycache__"))
    (code / "registry.py").write_text(REGISTRY, "utf-8")
    (code / "features.py").write_text(FEATURES, "utf-8")
    (tmp_path / "state" / "versions").mkdir(parents=True)
    rows = {key: row(number) for number, key in enumerate(KEYS)}
    (tmp_path / "state" / "rows.json").write_text(json.dumps(rows), "utf-8")
    return Family(tmp_path)


@contextmanager
def started(
    family: Family,
    *options: str,
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    process = subprocess.Popen(
        family.command(port, *options),
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

        text = (family.root / "state" / "serving" / "predictions.jsonl").read_text("utf-8")
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
    monkeypatch.setattr(serve, "EVERY", 0.02)
    monkeypatch.setattr(os, "kill", lambda pid, number: stopped.set())
    limit = serve.RestartLimit(workers=1)
    limit.watch()
    for start in range(1 + serve.RESTARTS + 1):
        assert not stopped.is_set(), f"stopped at start {start}"
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.2)"], check=True)
    assert stopped.wait(5)
    assert limit.exceeded


def test_a_taken_port_is_said_in_one_line(family: Family) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = subprocess.run(
            family.command(port),
            env=family.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert f"port {port}" in answer.stderr
    assert "--port" in answer.stderr
