"""What a repository is published and pushed to: a registry of images and a server of Git."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import servers

REGISTRY = "github.com/google/go-containerregistry/cmd/registry@v0.22.1"
COSIGN = "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3"


@contextmanager
def registry(program: Path, folder: Path) -> Iterator[str]:
    """The address of a registry that keeps its images in memory."""
    address = f"127.0.0.1:{(port := servers.free_port())}"
    with servers.running([str(program), f"-port={port}"], folder, {}):
        servers.wait_for(lambda: servers.answers(f"http://{address}/v2/"), folder)
        yield address


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing of each request."""


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def git_host(folder: Path, user: str, password: str) -> Iterator[str]:
    """The address of the bare repositories in a folder; nobody else reads or writes them."""
    expected = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"

    def answer(environ: Any, start: Any) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size)
        if environ.get("HTTP_AUTHORIZATION") != expected:
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')])
            return [b""]
        known = {key: str(environ[key]) for key in environ if key.isupper() and key[0] in "CHPQRS"}
        told = {"GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": user}
        done = subprocess.run(
            ["git", "http-backend"],
            env={**os.environ, **known, **told},
            input=body,
            capture_output=True,
            check=True,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().splitlines()]
        said = {name: value for name, _, value in lines}
        start(said.pop("Status", "200 OK"), list(said.items()))
        return [content]

    with make_server("127.0.0.1", 0, answer, _Threads, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
