"""The metrics of a service, exposed as it would, inside a serving repository's environment."""

import importlib
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

PACKAGE = os.environ.get("CONFORMANCE_PACKAGE", "flight_delays_serving")
NAME = PACKAGE.removesuffix("_serving")
port = importlib.import_module(f"{PACKAGE}.metrics")
scoring = importlib.import_module(f"{PACKAGE}.scoring")
FEATURE = next(iter(scoring.FEATURES))

Read = Callable[..., float]


def entry(version: str = "1", prediction: float = 0.25, **features: Any) -> dict[str, Any]:
    return {
        "prediction": prediction,
        "model_version": version,
        "features": {FEATURE: 1.0, **features},
    }


def value(name: str, **labels: str) -> float:
    """What is exposed under a name and labels; 0 if nothing is."""
    families = text_string_to_metric_families(generate_latest(REGISTRY).decode())
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == f"{NAME}_{name}" and labels.items() <= sample.labels.items()
    ]
    return sum(found)


@pytest.fixture
def read() -> Read:
    """How much a value grew since the test began to look at it."""
    before: dict[Any, float] = {}

    def grown(name: str, **labels: str) -> float:
        now = value(name, **labels)
        return now - before.setdefault((name, *sorted(labels.items())), now)

    return grown


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """Answers predictions and failures all the time, and /metrics when asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            port.model_loaded("1")
            port.predicted([entry(), entry(**{FEATURE: None})], 0.01)
            for reason in ("internal", "bad_row"):
                port.failed(reason)
            body = generate_latest(REGISTRY)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
