"""Every query answers against the real server, beside a stand-in for the service.

What tells the figures of the steps is the real one.
"""

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from queries import metrics, panel_queries, rules
from test_figures import write_records

from airport_weather_monitoring.figures import serve
from airport_weather_monitoring.settings import Settings

PROMETHEUS = shutil.which("prometheus")
VALUES = {"reason": ["internal", "bad_row"], "feature": ["hour_of_day"]}

pytestmark = pytest.mark.skipif(
    PROMETHEUS is None, reason="prometheus is not on PATH: apt-get install prometheus"
)


def service_metrics() -> list[dict[str, Any]]:
    """Those of the service; the steps have figures of their own."""
    return [one for one in metrics() if "step" not in one["labels"]]


def exposition(count: int) -> str:
    """What the service would answer after so many predictions."""
    lines: list[str] = []
    for one in service_metrics():
        lines.append(f"# TYPE {one['name']} {one['type']}")
        labels = [
            f'{name}="{value}"' for name in one["labels"] for value in VALUES.get(name, ["1"])
        ]
        for label in labels or [""]:
            lines += sample(one["name"], one["type"], label, count)
    return "\n".join(lines) + "\n"


def sample(name: str, kind: str, label: str, count: int) -> list[str]:
    braces = f"{{{label}}}" if label else ""
    if kind in ("counter", "gauge"):
        return [f"{name}{braces} {count if kind == 'counter' else 1}"]
    sums = [f"{name}_sum{braces} {count * 0.02}", f"{name}_count{braces} {count}"]
    if kind == "summary":
        return sums
    return [f'{name}_bucket{{le="{le}"}} {count}' for le in ("0.05", "+Inf")] + sums


class Service(BaseHTTPRequestHandler):
    answered = 0

    def do_GET(self) -> None:
        type(self).answered += 40
        body = exposition(self.answered).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Service and figures, in the order of the settings."""
    state = tmp_path_factory.mktemp("state")
    write_records(state)
    settings = Settings("dev", "local", state, None, {}, {})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Service), serve(settings, "127.0.0.1", 0)]
    for one in servers:
        threading.Thread(target=one.serve_forever, daemon=True).start()
    yield [f"127.0.0.1:{one.server_port}" for one in servers]
    for one in servers:
        one.shutdown()
        one.server_close()


@pytest.fixture(scope="module")
def server(targets: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    address = f"127.0.0.1:{free_port()}"
    configure(folder, targets)
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


def configure(folder: Path, targets: list[str]) -> None:
    """The repository's own files, only faster and aimed at these targets."""
    document = yaml.safe_load(Path("prometheus.yml").read_text("utf-8"))
    document["global"] |= {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    for job, target in zip(document["scrape_configs"], targets, strict=True):
        job["static_configs"][0]["targets"] = [target]
    (folder / "rules").mkdir()
    for path in Path("rules").glob("*.rules.yaml"):
        text = path.read_text("utf-8").replace("interval: 15s", "interval: 500ms")
        (folder / "rules" / path.name).write_text(text, "utf-8")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document), "utf-8")


def ask(server: str, query: str) -> list[Any]:
    url = f"{server}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(url, timeout=5) as answer:
        document = json.load(answer)
    assert document["status"] == "success"
    results: list[Any] = document["data"]["result"]
    return results


def wait_for(server: str, query: str, seconds: float = 30) -> list[Any]:
    """The answer as soon as there is one that is a number."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            results = ask(server, query)
        except urllib.error.HTTPError as refused:
            if refused.code != HTTPStatus.SERVICE_UNAVAILABLE:  # it listens before it is ready
                raise AssertionError(f"{query}: {refused.read().decode()}") from None
            results = []
        except (urllib.error.URLError, ConnectionError):
            results = []
        if results and all(one["value"][1] != "NaN" for one in results):
            return results
        time.sleep(0.25)
    raise AssertionError(f"no answer to {query}")


def test_every_panel_shows_something(server: str) -> None:
    for query in panel_queries():
        assert wait_for(server, query)


def test_every_rule_is_evaluated(server: str) -> None:
    for rule in (rule for rule in rules() if "record" in rule):
        assert wait_for(server, rule["record"])
    with urllib.request.urlopen(f"{server}/api/v1/rules", timeout=5) as answer:
        groups = json.load(answer)["data"]["groups"]
    assert [one["health"] for group in groups for one in group["rules"]] == ["ok"] * len(rules())


def test_a_service_that_fails_is_noticed(server: str) -> None:
    waiting = 'ALERTS{alertname="ErrorShareHigh"}'
    assert wait_for(server, waiting)
