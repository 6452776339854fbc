"""A platform repository with the real engine, as its owner has it: verbs, files, state."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from bed.access import Access
from rendering import Family, copy, surroundings

ENVIRONMENT = "staging"
PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")
SAME = {"PULUMI_OPTION_EXPECT_NO_CHANGES": "true"}
REFRESHED = {"PULUMI_OPTION_REFRESH": "true"}
KINDS = "namespace,resourcequota,limitrange,configmap,networkpolicy"


@dataclass(frozen=True)
class Platform:
    """A platform repository, the cluster that it is applied to, and an engine of its own."""

    folder: Path
    access: Access
    product: str
    environment: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False  # the state is where the programs' files say

    @property
    def namespace(self) -> str:
        """Where all of it is."""
        return f"{self.product}-{ENVIRONMENT}"

    def variables(self, **more: str) -> dict[str, str]:
        given = {name: one for name, one in surroundings().items() if "PULUMI" not in name}
        state = self.folder / ".state"
        state.mkdir(exist_ok=True)
        return {
            **given,
            "ENVIRONMENT": ENVIRONMENT,
            "KUBECONFIG": str(self.access.kubeconfig),
            **({} if self.shared else {"PULUMI_BACKEND_URL": f"file://{state}"}),
            "PULUMI_CONFIG_PASSPHRASE": "for tests",
            "PULUMI_HOME": str(self.folder.parent / "pulumi-home"),
            "PULUMI_OPTION_YES": "true",  # nobody is there to ask
            **self.environment,
            **more,
        }

    def try_(self, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.variables(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )

    def __call__(self, *command: str, **more: str) -> str:
        done = self.try_(*command, **more)
        assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def asked(self, *words: str) -> Any:
        """What the engine itself answers as JSON; warnings stand elsewhere."""
        command, variables = ("pulumi", *words), self.variables()
        done = subprocess.run(
            command, cwd=self.folder, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def verb(self, name: str, program: str = "foundation") -> tuple[str, ...]:
        """What `make NAME` runs, for one program."""
        repository = f"{self.product}-platform"
        return ("uv", "run", "--frozen", repository, name, "--program", program)

    def objects(self) -> set[str]:
        """Kind and name of all that the foundation makes."""
        space = f"--namespace={self.namespace}"
        done = self.access.kubectl.try_("get", KINDS, space, "--output=name")
        mine = {one for one in done.stdout.split() if "kube-root-ca" not in one}
        return {one for one in mine if not one.startswith("namespace/") or self.namespace in one}

    def get(self, kind: str, name: str) -> Any:
        found = self.access.kubectl(
            "get", kind, name, f"--namespace={self.namespace}", "--output=json"
        )
        return json.loads(found)

    def exported(self, program: str = "foundation") -> list[Any]:
        """The resources in the state of a program."""
        stack = ("--cwd", program, "stack", "export", "--stack", ENVIRONMENT)
        found: list[Any] = self.asked(*stack)["deployment"].get("resources") or []
        return found

    def passwords(self, program: str) -> list[str]:
        """What was generated for a program, in clear."""
        stack = ("--cwd", program, "config", "--show-secrets", "--json", "--stack", ENVIRONMENT)
        values = self.asked(*stack)
        return [one["value"] for key, one in values.items() if key.startswith("passwords:")]

    def configure(self, program: str = "foundation", /, **values: Any) -> None:
        """Write down what only the machine knows, as an owner would."""
        path = self.folder / program / f"Pulumi.{ENVIRONMENT}.yaml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["config"].update(values)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


class Quiet(SimpleHTTPRequestHandler):
    """Gives files, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """The address of a folder, as the engine fetches files from the world."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def waiting(seen: Callable[[], bool], running: "subprocess.Popen[bytes]") -> None:
    """Wait until something is seen of what a command does that runs."""
    deadline = time.monotonic() + 120
    while not seen():
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.02)


def kill(running: "subprocess.Popen[bytes]") -> None:
    """Kill it with all that it started, as a machine that goes away does."""
    found = psutil.Process(running.pid)
    for one in (*found.children(recursive=True), found):
        try:
            os.kill(one.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    running.wait(timeout=30)


def repository(
    api: Access, family: Family, folder: Path, *, shared: bool = False, **environment: str
) -> Platform:
    """A copy of the family's platform repository, installed; skips where there is no engine."""
    if missing := [one for one in PROGRAMS if shutil.which(one) is None]:
        pytest.skip(f"optional: {', '.join(missing)} not on PATH")
    one = Platform(
        copy(family.repository("platform"), folder), api, family.name, environment, shared
    )
    context = api.kubectl("config", "current-context").strip()
    for program in ("foundation", "platform"):
        one.configure(program, **{f"{family.name}-{program}:context": context})
    one("make", "setup")
    return one
