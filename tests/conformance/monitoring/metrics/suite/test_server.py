"""The service's metrics, the rules and the dashboards of its family, and the real server."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(os.environ.get("CONFORMANCE_REPOSITORY", Path.cwd()))
MONITORING = REPOSITORY.parent / f"{REPOSITORY.name.removesuffix('-serving')}-monitoring"
CONFIG = """
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: [{rules}/*.rules.yaml]
scrape_configs:
  - job_name: "{product}"
    static_configs: [{{targets: ["{target}"]}}]
  - job_name: "{product}-figures"
    static_configs: [{{targets: ["{figures}"]}}]
"""
STEPS: dict[str, dict[str, float]] = {
    "ingest": {},
    "materialise": {},
    "watch": {"quality.current": 0.75, "quality.drop": 0.125},
    "retrain": {"trained": 1.0},
    "compare": {"promoted": 0.0},
}

pytestmark = [
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not on PATH"),
    pytest.mark.skipif(not MONITORING.is_dir(), reason=f"{MONITORING} is not rendered"),
]


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What tells the figures of the steps: the monitoring repository's own program."""
    state = tmp_path_factory.mktemp("state")
    for step, values in STEPS.items():
        (state / "runs" / step).mkdir(parents=True)
        record = {"metrics": values, "finished": "2024-06-01T12:00:00+00:00"}
        (state / "runs" / step / "latest.json").write_text(json.dumps(record), "utf-8")
    package = MONITORING.name.replace("-", "_")
    told = {f"{package.removesuffix('_monitoring').upper()}_STATE": str(state)}
    address = free_address()
    process = subprocess.Popen(
        [sys.executable, "-m", f"{package}.figures", f"--port={address.rpartition(':')[2]}"],
        cwd=MONITORING,
        env={**os.environ, **told, "PYTHONPATH": "src"},
    )
    try:
        yield address
    finally:
        process.terminate()
        process.wait(20)


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="module")
def server(service: str, figures: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    for path in (MONITORING / "rules").glob("*.rules.yaml"):
        text = path.read_text("utf-8").replace("interval: 15s", "interval: 500ms")
        (folder / path.name).write_text(text, "utf-8")
    product = MONITORING.name.removesuffix("-monitoring")
    text = CONFIG.format(rules=folder, product=product, target=service, figures=figures)
    (folder / "prometheus.yml").write_text(text, "utf-8")
    address = free_address()
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)


def panels() -> list[tuple[str, str]]:
    documents = [
        json.loads(path.read_text("utf-8"))
        for path in sorted((MONITORING / "dashboards").glob("*.json"))
    ]
    return [
        (f"{document['title']}: {panel['title']}", target["expr"])
        for document in documents
        for panel in document["panels"]
        for target in panel["targets"]
    ]


def ask(server: str, query: str) -> list[Any]:
    url = f"{server}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found: list[Any] = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as refused:
        if refused.code == HTTPStatus.SERVICE_UNAVAILABLE:  # it listens before it is ready
            return []
        raise AssertionError(f"{query}: {refused.read().decode()}") from None
    except (urllib.error.URLError, ConnectionError):
        return []
    return [one for one in found if one["value"][1] != "NaN"]


def test_every_query_of_the_dashboards_is_answered(server: str) -> None:
    asked = panels()
    assert asked, "no dashboard asks for anything"
    until = time.monotonic() + 20
    silent = asked
    while silent and time.monotonic() < until:
        silent = [one for one in silent if not ask(server, one[1])]
        time.sleep(0.25)
    assert not silent
