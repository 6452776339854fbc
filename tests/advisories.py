"""A server of advisories on loopback: what it knows of packages is said by the test."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ADVISORY = "GHSA-2222-3333-4444"
MOMENT = "2026-01-01T00:00:00Z"


def _advisory(package: str) -> Mapping[str, Any]:
    """In the form of the OSV schema: every version has it, and none mends it."""
    affected = {
        "package": {"ecosystem": "PyPI", "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
    }
    return {
        "id": ADVISORY,
        "modified": MOMENT,
        "published": MOMENT,
        "summary": f"{package} does what it is told",
        "affected": [affected],
    }


class _Handler(BaseHTTPRequestHandler):
    """Two questions of the service: which versions have advisories, and what one says."""

    server: "_Server"

    def do_POST(self) -> None:
        """Answer POST /v1/querybatch."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        names = [query["package"]["name"] for query in asked]
        assert self.path == "/v1/querybatch", self.path
        self.server.asked |= set(names)
        found = {"vulns": [{"id": ADVISORY, "modified": MOMENT}]}
        self._say({"results": [found if name == self.server.bad else {} for name in names]})

    def do_GET(self) -> None:
        """Answer GET /v1/vulns/ID."""
        assert self.path == f"/v1/vulns/{ADVISORY}", self.path
        self._say(_advisory(self.server.bad))

    def _say(self, document: Mapping[str, Any]) -> None:
        answer = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, bad: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bad = bad
        self.asked: set[str] = set()


class Advisories:
    """Where the server is, and which packages it was asked about."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_port}"

    @property
    def asked(self) -> set[str]:
        """The names of packages, of all that asked."""
        return set(self._server.asked)


@contextmanager
def running(bad: str = "") -> Iterator[Advisories]:
    """A server that knows one advisory, of the package with this name, or none."""
    server = _Server(bad)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Advisories(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
