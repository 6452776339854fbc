"""Asks the prediction service: by the probe, by `make predict` and by tests."""

import argparse
import http.client
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from .faults import Fault
from .settings import PREFIX, Settings

PORT: Final = 3000
KEY: Final = "flight_id"


@dataclass(frozen=True)
class Reply:
    """Status and body of an answer, and which process gave it."""

    status: int
    text: str
    process: str = ""

    @property
    def document(self) -> Mapping[str, Any]:
        """The body as JSON."""
        document = json.loads(self.text)
        return document if isinstance(document, dict) else {}


class Client:
    """One connection to the service, kept open between requests."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = 30.0) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def get(self, path: str) -> Reply:
        """Ask for a page; `OSError` when nobody answers."""
        return self._send("GET", path, None, {})

    def predict(
        self,
        question: object,
        *,
        content_type: str = "application/json",
        request_id: str = "",
    ) -> Reply:
        """Ask for predictions; a question given as bytes is sent as it is."""
        body = question if isinstance(question, bytes) else json.dumps(question).encode()
        headers = {"Content-Type": content_type}
        if request_id:
            headers["X-Request-Id"] = request_id
        return self._send("POST", "/predict", body, headers)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> Reply:
        try:
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
            text = answer.read().decode()
            return Reply(answer.status, text, answer.headers.get("x-process", ""))
        except http.client.HTTPException as error:
            raise ConnectionError(f"the service broke off: {error!r}") from error


def predict(settings: Settings, arguments: Sequence[str]) -> int:
    """Ask the running service about keys and show the answers beside their features."""
    parser = argparse.ArgumentParser(
        prog="flight-delays-serving predict",
        description="Ask the running service.",
    )
    parser.add_argument("keys", nargs="+", metavar=KEY)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=os.environ.get(f"{PREFIX}_PORT", PORT))
    options = parser.parse_args(arguments)
    try:
        with Client(options.port, options.host) as client:
            reply = client.predict({"keys": options.keys, "features": True})
    except OSError as error:
        raise Fault(
            f"nothing answers on {options.host}:{options.port} ({error}); start it: make serve"
        ) from None
    if reply.status != 200:
        raise Fault(f"{reply.status}: {reply.document['error']['message']}")
    for entry in reply.document["predictions"]:
        print(f"{entry['key']}: {entry['prediction']:.4f}", end="")
        print(f" (model version {entry['model_version']}, as of {entry['as_of']})")
        for name, value in entry["features"].items():
            print(f"  {name:<28} {'-' if value is None else value}")
    return 0
