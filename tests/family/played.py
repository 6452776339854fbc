"""Hosts of actions and images, played here: repositories in a folder, a registry on loopback."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "anybody's"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class Actions:
    """Repositories below one folder, found there in place of their host."""

    folder: Path

    def add(self, name: str, *versions: str) -> None:
        """A repository with a commit for each version, and a tag that is an object of its own."""
        path = self.folder / name
        path.mkdir(parents=True)
        self._git(name, "init", "--quiet")
        for version in versions:
            self.tag(name, version)

    def tag(self, name: str, version: str, *, force: bool = False) -> str:
        """Put a version on a new commit; that commit."""
        self._git(name, "commit", "--quiet", "--allow-empty", "-m", version)
        moved = ("--force",) if force else ()
        self._git(name, "tag", *moved, "--annotate", "-m", version, version)
        return self._git(name, "rev-parse", "HEAD")

    def settings(self) -> dict[str, str]:
        """Variables with which Git looks here."""
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{self.folder}/.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/",
        }

    def _git(self, name: str, *arguments: str) -> str:
        author = ("-c", "user.name=Host", "-c", "user.email=host@localhost")
        return subprocess.run(
            ["git", *author, *arguments],
            cwd=self.folder / name,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()


@dataclass
class Images:
    """A registry that gives a token to everybody who asks, and an answer to those who have one."""

    port: int
    digests: dict[str, str] = field(default_factory=dict)
    """What each `name:tag` stands for."""

    @property
    def mirrors(self) -> list[str]:
        """The options that name it in place of the public ones."""
        return [
            f"--mirror={host}=http://127.0.0.1:{self.port}" for host in ("docker.io", "quay.io")
        ]


@contextmanager
def registry() -> Iterator[Images]:
    """A registry without images."""

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            name, _, tag = self.path.removeprefix("/v2/").partition("/manifests/")
            found = images.digests.get(f"{name}:{tag}")
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                realm = f"http://127.0.0.1:{images.port}/token"
                self._say(401, "WWW-Authenticate", f'Bearer realm="{realm}",service="played"')
            elif found and INDEX in self.headers["Accept"]:
                self._say(200, "Docker-Content-Digest", found)
            else:
                self._say(404, "Content-Type", "application/json")

        def do_GET(self) -> None:
            good = self.path.startswith("/token?") and "%3Apull" in self.path
            self._say(200 if good else 404, "Content-Type", "application/json")
            self.wfile.write(json.dumps({"token": TOKEN}).encode())

        def _say(self, code: int, header: str, value: str) -> None:
            self.send_response(code)
            self.send_header(header, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep the output of the tests free of it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    images = Images(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield images
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
