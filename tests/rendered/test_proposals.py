"""A spec changes in the product repository: its page, and a pull request in each repository.

The real tool, real Git over HTTP; only what the host answers for a pull request is played.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hosts import git_host

from rendering import Family, call, copy, set_up, surroundings

USER, TOKEN = "robot", "a-token-that-nobody-sees-4c1"
AUTHOR = ("-c", "user.name=A developer", "-c", "user.email=developer@example.org")
BRANCH = "product-spec"
ROLES = ("product", "data-engineering", "training", "serving", "monitoring", "platform")


@dataclass
class Requests:
    """The host's pull requests, by repository and branch."""

    opened: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)


def handler(known: Requests) -> type[BaseHTTPRequestHandler]:
    """GitHub's interface, as far as it is asked here."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = known.opened.get(self._path())
            self._answer([found] if found else [])

        def do_POST(self) -> None:
            known.opened[self._path()] = {**self._body(), "number": 1}
            self._answer({"html_url": f"http://host{self._path()}/1"})

        def do_PATCH(self) -> None:
            path = self._path().removesuffix("/1")
            known.opened[path] |= self._body()
            self._answer({"html_url": f"http://host{path}/1"})

        def _path(self) -> str:
            known.tokens.add(self.headers["Authorization"])
            return self.path.partition("?")[0]

        def _body(self) -> dict[str, Any]:
            said: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            return said

        def _answer(self, content: object) -> None:
            said = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing of each request."""

    return Handler


@dataclass(frozen=True)
class Place:
    """The product repository of a developer, those at the host, and its pull requests."""

    here: Path
    bare: Path
    requests: Requests
    settings: Mapping[str, str]
    python: Path

    def make(self, verb: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """A verb, as a pipeline calls it."""
        return subprocess.run(
            ["make", verb],
            cwd=self.here,
            env={**surroundings(), **self.settings, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def git(self, *words: str) -> str:
        """What Git answers in the developer's repository."""
        return call("git", *AUTHOR, *words, at=self.here).strip()

    def at_host(self, role: str, *words: str) -> str:
        """What Git answers in a repository at the host."""
        return call("git", *words, at=self.bare / f"flight-delays-{role}.git").strip()

    def change(self, old: str, new: str) -> None:
        """A merged change of the spec."""
        path = self.here / "product.yaml"
        text = path.read_text("utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), "utf-8")
        self.git("commit", "--quiet", "--all", "--message=Change the spec")
        self.git("push", "--quiet", str(self.bare / f"{self.here.name}.git"), "HEAD:main")


@pytest.fixture
def place(family: Family, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "team"
    folder.mkdir()
    for role in ROLES:
        source = family.repository(role)
        work = copy(source, tmp_path / source.name)
        call("git", "init", "--quiet", "--initial-branch=main", at=work)
        call("git", "add", "--all", "--force", at=work)
        call("git", *AUTHOR, "commit", "--quiet", "--message=First", at=work)
        call("git", "clone", "--quiet", "--bare", work, folder / f"{source.name}.git", at=tmp_path)
        call("git", "config", "http.receivepack", "true", at=folder / f"{source.name}.git")
    product = family.repository("product")
    set_up(product)
    here = tmp_path / product.name
    known = Requests()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(known))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with git_host(tmp_path, USER, TOKEN) as host:
            # Checked out as some hosts do it: with the key of the job, which opens nothing else.
            origin = f"{host}/team/{here.name}.git".replace("://", "://job:expired@")
            call("git", "remote", "add", "origin", origin, at=here)
            settings = {
                # The repository's own environment, and the tool of this checkout.
                "UV": str(_stand_in(tmp_path, product)),
                "NINEFOLD": shlex.join([sys.executable, "-m", "ninefold"]),
                "PYTHONPATH": str(here / "src"),
                "FLIGHT_DELAYS_FAMILY_USER": USER,
                "HOST_INTERFACE": f"http://127.0.0.1:{server.server_port}",
            }
            yield Place(here, folder, known, settings, product / ".venv/bin/python")
    finally:
        server.shutdown()
        server.server_close()


def _stand_in(folder: Path, product: Path) -> Path:
    """uv, as far as verbs call it here; the host's interface listens elsewhere than its Git."""
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "sitecustomize.py").write_text(
        "import os\nimport httpx\n"
        "real = httpx.Client.__init__\n"
        "def begin(self, **words):\n"
        "    words['base_url'] = os.environ['HOST_INTERFACE']\n"
        "    real(self, **words)\n"
        "httpx.Client.__init__ = begin\n"
    )
    program = folder / "uv"
    program.write_text(
        "#!/bin/sh\n"
        'test "$1 $2 $3" = "run --frozen python" || exit 0\n'
        "shift 3\n"
        f'PYTHONPATH="$PYTHONPATH:{folder}/elsewhere" exec {product}/.venv/bin/python "$@"\n'
    )
    program.chmod(0o755)
    return program


def test_a_changed_spec_is_shown_and_then_proposed_to_whom_it_touches(place: Place) -> None:
    place.change("trials: 6", "trials: 9")
    shown = place.make("changes")
    assert shown.returncode == 0, shown.stderr
    page = (place.here / "build/changes.md").read_text("utf-8")
    assert "| model.search.trials | <code>6</code> | <code>9</code> |" in page
    touched = {role for role in ROLES if f"| flight-delays-{role} |" in page}
    # The repository that holds the spec is ahead of itself, and passes.
    own = ("tests/test_product.py", "tests/test_charter.py")
    call(place.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *own, at=place.here)
    assert {"product", "training"} <= touched

    sent = place.make("propose", FLIGHT_DELAYS_FAMILY_TOKEN=TOKEN)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    requests = place.requests.opened
    assert set(requests) == {f"/repos/team/flight-delays-{role}/pulls" for role in touched}
    assert place.requests.tokens == {f"Bearer {TOKEN}"}
    for role in touched:
        request = requests[f"/repos/team/flight-delays-{role}/pulls"]
        assert (request["head"], request["base"]) == (BRANCH, "main")
        assert "- `model.search.trials`" in request["body"]
        assert f"flight-delays-{role}: http" in sent.stdout
        answers = place.at_host(role, "show", f"{BRANCH}:.copier-answers.yml")
        assert "trials: 9" in answers
        assert place.at_host(role, "rev-list", "--count", f"main..{BRANCH}") == "1"
    plan = place.at_host("training", "show", f"{BRANCH}:src/flight_delays_training/plan.py")
    assert "= 9" in plan
    for role in set(ROLES) - touched:
        assert BRANCH not in place.at_host(role, "branch", "--list")
    assert TOKEN not in sent.stdout + sent.stderr + json.dumps(requests)

    # Another change before the first was merged: the same requests, brought up to date.
    place.change("trials: 9", "trials: 12")
    again = place.make("propose", FLIGHT_DELAYS_FAMILY_TOKEN=TOKEN)
    assert again.returncode == 0, again.stdout + again.stderr
    assert set(place.requests.opened) == set(requests)
    assert "trials: 12" in place.at_host("training", "show", f"{BRANCH}:.copier-answers.yml")
    assert place.at_host("training", "rev-list", "--count", f"main..{BRANCH}") == "1"

    # Merged, nothing is left to propose.
    for role in ROLES:
        if BRANCH in place.at_host(role, "branch", "--list"):
            place.at_host(role, "update-ref", "refs/heads/main", BRANCH)
    last = place.make("propose", FLIGHT_DELAYS_FAMILY_TOKEN=TOKEN)
    assert last.returncode == 0, last.stdout + last.stderr
    assert "http" not in last.stdout


def test_a_spec_that_cannot_work_has_no_page_and_is_not_proposed(place: Place) -> None:
    place.change("trials: 6", "trials: many")
    shown = place.make("changes")
    assert shown.returncode != 0
    assert "product.yaml:" in shown.stderr and "trials" in shown.stderr
    assert not (place.here / "build/changes.md").exists()
    sent = place.make("propose", FLIGHT_DELAYS_FAMILY_TOKEN=TOKEN)
    assert sent.returncode != 0
    assert "product.yaml:" in sent.stderr and "Traceback" not in sent.stderr
    assert not place.requests.opened


def test_the_tool_comes_from_where_the_templates_are(family: Family, tmp_path: Path) -> None:
    """As it stands in the Makefile: by uv, from Git, at the commit of the rendering."""
    here = copy(family.repository("product"), tmp_path / "repository")
    (here / "uv.lock").write_text("")
    known = surroundings()
    said = subprocess.run(
        ["make", "--no-print-directory", "changes", "-o", "setup"],
        cwd=here,
        env={**known, "UV_TOOL_DIR": str(tmp_path / "tools")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert "nothing changes" in said.stdout
