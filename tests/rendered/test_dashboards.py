"""Every query of the platform's dashboards answers, by the settings that its program makes.

The metrics server is the real one, so is what tells the figures of the steps; the service's and the
compute's are stand-ins.
"""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deployed import world
from emitted import World, head
from rendering import Family, set_up

SAMPLES = {
    "counter": ["{name}{labels} {count}"],
    "gauge": ["{name}{labels} 1"],
    "summary": ["{name}_sum{labels} {count}", "{name}_count{labels} {count}"],
    "histogram": [
        '{name}_bucket{{le="0.05"}} {count}',
        '{name}_bucket{{le="+Inf"}} {count}',
        "{name}_sum {count}",
        "{name}_count {count}",
    ],
}
STEPS = {
    "ingest": {},
    "materialise": {},
    "watch/20240601T1200Z": {"quality.current": 0.75, "quality.drop": 0.125},
    "retrain/20240601T1200Z": {"trained": 1.0},
    "compare/20240601T1200Z": {"promoted": 0.0},
}


@pytest.fixture(scope="module")
def platform(family: Family) -> World:
    """What the programs of an environment make."""
    return world(family, "small")


def settings(platform: World, name: str) -> dict[str, str]:
    """The texts of a ConfigMap."""
    (found,) = [one for one in platform.of("ConfigMap") if head(one)["name"] == name]
    data: dict[str, str] = found.inputs["data"]
    return data


def queries(platform: World) -> dict[str, str]:
    """Every query with the panel that asks it."""
    documents = [json.loads(text) for text in settings(platform, "dashboards-shown").values()]
    return {
        target["expr"]: f"{document['title']}: {panel['title']}"
        for document in documents
        for panel in document["panels"]
        for target in panel["targets"]
    }


@contextmanager
def told(metrics: list[Mapping[str, Any]]) -> Iterator[str]:
    """Something that tells metrics of a service, which grow each time that it is asked."""
    asked = [0]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked[0] += 40
            body = "".join(f"{line}\n" for one in metrics for line in samples(one, asked[0]))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def samples(one: Mapping[str, Any], count: int) -> list[str]:
    """The lines of a metric; as a reason the service's own and the caller's fault."""
    values = ["internal", "bad_row"] if one["labels"] == ["reason"] else ["1"]
    labels = [f'{{{label}="{value}"}}' for label in one["labels"] for value in values] or [""]
    forms = SAMPLES[one["type"]]
    return [
        form.format(name=one["name"], labels=label, count=count)
        for label in labels
        for form in forms
    ]


@contextmanager
def figures(family: Family, state: Path) -> Iterator[str]:
    """The monitoring repository's own program, over the records of a loop."""
    for place, values in STEPS.items():
        folder = state / "runs" / place
        folder.mkdir(parents=True)
        record = {"metrics": values, "finished": datetime.now(UTC).isoformat()}
        (folder / "latest.json").write_text(json.dumps(record), "utf-8")
    repository = family.repository("monitoring")
    set_up(repository)
    python = repository / ".venv" / "bin" / "python"
    port = free_port()
    process = subprocess.Popen(
        [python, "-m", f"{family.package('monitoring')}.figures", "--port", str(port)],
        cwd=repository,
        env={
            **os.environ,
            f"{family.name.replace('-', '_').upper()}_STATE": str(state),
        },
    )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(10) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(
    platform: World, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The metrics server by the platform's settings, faster, with these targets instead of pods."""
    place = tmp_path_factory.mktemp("metrics")
    address = f"127.0.0.1:{free_port()}"
    listed = family.repository("monitoring") / "rules" / "metrics.json"
    metrics = json.loads(listed.read_text("utf-8"))
    of_service = [one for one in metrics if "step" not in one["labels"]]
    with ExitStack() as running:
        targets = {
            "serving-pods": running.enter_context(told(of_service)),
            "training-pods": running.enter_context(told([])),
            "figures-pods": running.enter_context(figures(family, place / "state")),
        }
        configure(place, platform, address, targets)
        running.enter_context(started(place, address))
        yield f"http://{address}"


def configure(place: Path, platform: World, address: str, targets: Mapping[str, str]) -> None:
    """The platform's own files in a folder."""
    document = json.loads(settings(platform, "metrics")["prometheus.yml"])
    document["global"] |= {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    document["rule_files"] = [str(place / "*.rules.yaml")]
    for job in document["scrape_configs"]:
        names = [name for found in job.pop("dns_sd_configs", ()) for name in found["names"]]
        known = [targets[name] for name in names if name in targets]
        job["static_configs"] = [{"targets": known if names else [address]}]
    (place / "prometheus.yml").write_text(json.dumps(document), "utf-8")
    for name, text in settings(platform, "metrics-rules").items():
        (place / name).write_text(text.replace("interval: 15s", "interval: 500ms"), "utf-8")


@contextmanager
def started(place: Path, address: str) -> Iterator[None]:
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={place / 'prometheus.yml'}",
            f"--storage.tsdb.path={place / 'data'}",
            "--storage.tsdb.retention.size=1GB",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def silent(server: str, asked: Mapping[str, str], seconds: float) -> list[str]:
    """Panels whose query is none, or that nobody answers in time, by a number."""
    until = time.monotonic() + seconds
    left = dict(asked)
    while left and time.monotonic() < until:
        left = {query: panel for query, panel in left.items() if not answered(server, query)}
        time.sleep(0.25)
    return [f"{panel}: {query}" for query, panel in left.items()]


def answered(server: str, query: str) -> bool:
    url = f"{server}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found = json.load(answer)["data"]["result"]
    except (urllib.error.URLError, ConnectionError):  # an error of the server as well
        return False
    return bool(found) and all(one["value"][1] != "NaN" for one in found)


def test_there_is_a_dashboard_for_each_view(platform: World) -> None:
    assert set(settings(platform, "dashboards-shown")) == {
        "product.json",
        "data.json",
        "model.json",
        "service.json",
        "infrastructure.json",
    }


def test_every_query_of_the_platforms_dashboards_is_answered(server: str, platform: World) -> None:
    assert len(queries(platform)) > 20
    assert silent(server, queries(platform), 30) == []


@pytest.mark.parametrize(
    "query", ["sum by (job) (planted_total)", "sum by (job) (up", 'up{job="planted"}']
)
def test_a_query_that_nobody_answers_is_found(server: str, query: str) -> None:
    assert silent(server, {"up": "good"}, 30) == []
    assert silent(server, {query: "planted"}, 1.5) == [f"planted: {query}"]
