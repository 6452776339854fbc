"""Processes that log through the port, and what they leave in the state folder.

The suite runs inside a rendered serving repository. It knows the Elastic Common Schema by itself:
the fields that a line may hold, and their types.
"""

import importlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

PACKAGE = os.environ["CONFORMANCE_PACKAGE"]
REPOSITORY = "some-repository"
SECRET = "correct-horse/battery'staple"
HEAD = f"""
import logging, os, sys
from pathlib import Path
from {PACKAGE} import logs
from {PACKAGE}.settings import load_settings

settings = load_settings()
logs.configure(settings, "{REPOSITORY}")
own = logging.getLogger("{PACKAGE}.part")
"""
# Field by field as https://www.elastic.co/docs/reference/ecs has it.
SCHEMA: Mapping[str, str] = {
    "@timestamp": "date",
    "message": "text",
    "ecs.version": "keyword",
    "log.level": "keyword",
    "log.logger": "keyword",
    "log.origin.function": "keyword",
    "log.origin.file.name": "keyword",
    "log.origin.file.line": "long",
    "process.pid": "long",
    "process.name": "keyword",
    "process.thread.id": "long",
    "process.thread.name": "keyword",
    "error.id": "keyword",
    "error.code": "keyword",
    "error.type": "keyword",
    "error.message": "text",
    "error.stack_trace": "text",
    "service.name": "keyword",
    "service.version": "keyword",
    "service.environment": "keyword",
    "event.dataset": "keyword",
    "event.kind": "keyword",
    "event.action": "keyword",
    "event.outcome": "keyword",
    "event.duration": "long",
    "host.name": "keyword",
    "http.request.id": "keyword",
    "trace.id": "keyword",
    "transaction.id": "keyword",
    "span.id": "keyword",
}
NEEDED = ("@timestamp", "message", "ecs.version", "log.level", "service.name", "event.dataset")


@dataclass
class Place:
    """A state folder, and processes that log into it."""

    state: Path

    @property
    def environment(self) -> dict[str, str]:
        prefix = importlib.import_module(f"{PACKAGE}.settings").PREFIX
        secrets = {
            "STORE_PASSWORD": SECRET,
            "STORE_URL": "https://reader:open-sesame@store.example/bucket",
        }
        return {**os.environ, **secrets, f"{prefix}_STATE": str(self.state)}

    def start(self, script: str) -> subprocess.Popen[str]:
        """A process that runs a script after it configured its logs."""
        return subprocess.Popen(
            [sys.executable, "-c", HEAD + script],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, status: int = 0) -> str:
        """What it printed as an error."""
        process = self.start(script)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == status, errors
        return errors

    @property
    def path(self) -> Path:
        return self.state / "logs" / f"{REPOSITORY}.jsonl"

    def files(self) -> list[Path]:
        """The file and those that were put aside."""
        return sorted(self.path.parent.glob(f"{REPOSITORY}.jsonl*"))

    def documents(self) -> list[dict[str, Any]]:
        """Every line as a flat document; anything that is no strict JSON is an error."""
        return [document for path in self.files() for document in parse(path.read_bytes())]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place where nothing was logged."""
    return Place(tmp_path / "state")


def parse(content: bytes) -> Iterator[dict[str, Any]]:
    """The documents of a file: one on each line, each line ended."""
    if not content:
        return
    text = content.decode("utf-8")
    assert text.endswith("\n"), "the last line is not ended"
    for line in text[:-1].split("\n"):
        document = json.loads(line, parse_constant=_no_constant)
        assert isinstance(document, dict), line
        yield flat(document)


def flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted names, as Elasticsearch reads nested objects."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        inner = flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {
            f"{prefix}{name}": value
        }  # fmt: skip
        twice = set(found) & set(inner)
        assert not twice, f"{twice} stands there twice"
        found.update(inner)
    return found


def fits(kind: str, value: object) -> bool:
    """Whether a field of this type takes the value, without any coercion."""
    if kind == "long":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "double":
        return isinstance(value, float) and math.isfinite(value)
    if not isinstance(value, str):
        return False
    if kind == "date":
        return datetime.fromisoformat(value).tzinfo is not None
    return True


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
