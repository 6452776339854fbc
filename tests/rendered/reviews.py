"""A host's comments on a pull request, played over HTTP in the words of each host."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TEAM = "team"
# A name whose number no person has.
RUNS = {"gitea-actions": -2}
# Of each host: where its interface begins, and below it where comments are, and one of them.
PLACES = {
    "bitbucket": ("", "/repositories/{path}/pullrequests/{number}/comments", ""),
    "gitea": ("/api/v1", "/repos/{path}/issues/{number}/comments", "/repos/{path}/issues/comments"),
    "github": (
        "/api/v3",
        "/repos/{path}/issues/{number}/comments",
        "/repos/{path}/issues/comments",
    ),
    "gitlab": ("/api/v4", "/projects/{quoted}/merge_requests/{number}/notes", ""),
}
CHANGES = {"bitbucket": "PUT", "gitea": "PATCH", "github": "PATCH", "gitlab": "PUT"}


@dataclass
class Review:
    """One pull request: its comments in their order, each with its author."""

    host: str
    name: str
    number: str = "12"
    author: str = "robot"
    """Who writes with the token."""
    person: bool = True
    """Whether the token may ask who that is."""
    refuses: bool = False
    """Whether it may not write."""
    comments: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def texts(self) -> list[str]:
        """What stands there."""
        return [one["text"] for one in self.comments]

    def add(self, author: str, text: str) -> dict[str, Any]:
        """Somebody comments."""
        made = {"id": len(self.comments) + 1, "author": author, "text": text}
        self.comments.append(made)
        return made

    def answer(self, method: str, address: str, body: Mapping[str, Any]) -> tuple[int, object]:
        """Status and answer, in the words of the host."""
        parts = urlsplit(address)
        self.asked.append(f"{method} {parts.path}")
        begin, comments, one = PLACES[self.host]
        path = f"{TEAM}/{self.name}"
        words = {"path": path, "quoted": path.replace("/", "%2F"), "number": self.number}
        listed = begin + comments.format(**words)
        if parts.path == f"{begin}/user":
            return (200, {"id": self.author, "login": self.author}) if self.person else (403, {})
        if parts.path == listed and method == "GET":
            return 200, self._page(parts.query, listed)
        if method != "GET" and self.refuses:
            return 403, {"message": "Resource not accessible by integration"}
        if parts.path == listed and method == "POST":
            return 201, self._shown(self.add(self.author, self._text(body)))
        each = begin + (one or comments).format(**words)
        for known in self.comments:
            if parts.path == f"{each}/{known['id']}":
                if method != CHANGES[self.host] or known["author"] != self.author:
                    return 403, {}
                known["text"] = self._text(body)
                return 200, self._shown(known)
        if parts.path == listed.removesuffix("/notes"):
            return 200, {"web_url": f"{self.url}/{path}/-/merge_requests/{self.number}"}
        return 404, {}

    def _page(self, query: str, listed: str) -> object:
        asked = {key: values[0] for key, values in parse_qs(query).items()}
        shown = [self._shown(one) for one in self.comments]
        page = int(asked.get("page", "1"))
        if self.host == "gitea":
            return shown
        size = int(asked.get("per_page") or asked["pagelen"])
        found = shown[(page - 1) * size : page * size]
        if self.host != "bitbucket":
            return found
        more = len(shown) > page * size
        after = {"next": f"{self.url}{listed}?pagelen={size}&page={page + 1}"} if more else {}
        return {"values": found, **after}

    def _text(self, body: Mapping[str, Any]) -> str:
        return str(body["content"]["raw"] if self.host == "bitbucket" else body["body"])

    def _shown(self, one: Mapping[str, Any]) -> dict[str, Any]:
        """A comment as the host tells of it."""
        address = f"{self.url}/comment/{one['id']}"
        kind = "User" if self.person or one["author"] != self.author else "Bot"
        return {
            "id": one["id"],
            "body": one["text"],
            "content": {"raw": one["text"]},
            "user": {
                "id": RUNS.get(one["author"], one["author"]),
                "login": one["author"],
                "type": kind,
            },
            "author": {"id": one["author"]},
            "html_url": address,
            "links": {"html": {"href": address}},
        }


@contextmanager
def played(review: Review) -> Iterator[Review]:
    """The host listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = self.headers
            review.tokens.add(said.get("PRIVATE-TOKEN") or said["Authorization"].split()[-1])
            size = int(said.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or "{}")
            status, content = review.answer(self.command, self.path, body)
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Say nothing of each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    review.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield review
    finally:
        server.shutdown()
        server.server_close()
