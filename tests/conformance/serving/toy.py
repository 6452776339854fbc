"""A small service on the standard library; each broken case spoils one part of it."""

import argparse
import json
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .messages import Answer, Refusal
from .predictor import Predictor
from .settings import Settings


class Toy:
    """Everything right."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.predictor = Predictor(settings)
        self.predictor.champion.refresh()
        self.predictor.champion.follow()

    def missing(self) -> str:
        """Why the service is not ready."""
        return self.predictor.missing()

    def answer(self, body: bytes) -> Answer:
        """Predict or refuse."""
        return self.predictor.answer(body)


def run(toy: Toy, arguments: Sequence[str]) -> int:
    """Serve until SIGINT."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int)
    options = parser.parse_args(arguments)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            missing = toy.missing() if self.path == "/readyz" else ""
            self.reply(503 if missing else 200, missing)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            try:
                answer = toy.answer(body)
            except Refusal as refusal:
                answer = toy.predictor.refuse(refusal)
            self.reply(answer.status, json.dumps(answer.document))

        def reply(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    try:
        ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0
