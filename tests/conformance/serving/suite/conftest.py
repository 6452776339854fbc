"""A state folder with two stand-in stores and a stand-in registry, and the service on top of it.

The suite runs inside a rendered serving repository, whatever product it serves and whatever
technology brings its ports. Feature store and model registry are replaced, so that a suite for
serving judges serving only: both are plain files, and both note down who asked them.
"""

import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

PACKAGE = os.environ["CONFORMANCE_PACKAGE"]
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ALIAS = "champion"

REGISTRY = """
import shutil
from dataclasses import dataclass
from .faults import Fault

@dataclass(frozen=True)
class ModelVersion:
    version: str
    digest: str

def current(settings, alias):
    name = settings.state / "versions" / alias
    return name.read_text() if name.exists() else None

def load(settings, alias, into):
    version = current(settings, alias)
    if version is None:
        raise Fault(f"no model has the alias {alias}")
    shutil.copytree(settings.state / "versions" / version, into)
    return ModelVersion(version, "")
"""
FEATURES = """
import json
import pandas as pd

class UnknownEntity(Exception):
    pass

def _rows(settings, store, keys):
    with (settings.state / "asked.txt").open("a") as asked:
        asked.write(store + "\\n")
    rows = json.loads((settings.state / f"{store}.json").read_text())
    unknown = [key for key in keys if key not in rows]
    if unknown:
        raise UnknownEntity("unknown: " + ", ".join(unknown))
    return [rows[key] for key in keys]

def online(settings, keys, now):
    return pd.DataFrame(_rows(settings, "online", keys))

def historical(settings, entities):
    key = entities.columns[0]
    return entities.join(pd.DataFrame(_rows(settings, "offline", entities[key].tolist())))
"""


def module(name: str) -> Any:
    """A module of the package under test."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def features() -> Mapping[str, str]:
    """The product's features with their types."""
    types: Mapping[str, str] = module("scoring").FEATURES
    return types


def row(number: int) -> dict[str, Any]:
    """A full row; no two numbers of it are alike."""
    return {
        name: "ab"[number % 2] if type_ == "category" else 1.0 + 3 * number + position / 2
        for position, (name, type_) in enumerate(features().items())
    }


@dataclass
class Place:
    """State, code and settings of one service."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def environment(self) -> dict[str, str]:
        prefix = module("settings").PREFIX
        own = {"STATE": str(self.state), "CLOCK": NOW.isoformat()}
        return {
            **os.environ,
            "PYTHONPATH": str(self.root / "code"),
            **{f"{prefix}_{name}": value for name, value in own.items()},
        }

    def fill(self, store: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """What a store knows."""
        (self.state / f"{store}.json").write_text(json.dumps(rows))

    def asked(self) -> set[str]:
        """Which stores were asked."""
        path = self.state / "asked.txt"
        return set(path.read_text().split()) if path.exists() else set()

    def train(self, version: str, seed: int = 1) -> None:
        """Make a version the champion; its answer depends on every feature."""
        order = tuple(features())
        noise = np.random.default_rng(seed)
        values = noise.uniform(0, 20, size=(600, len(order))).astype(np.float32)
        for position, name in enumerate(order):
            if features()[name] == "category":
                values[:, position] = noise.integers(0, 2, size=600)
        weights = np.linspace(1, 3, len(order))
        score = values @ weights
        problem = module("scoring").PROBLEM
        target = score if problem == "regression" else (score > np.median(score))
        data = xgboost.DMatrix(
            values,
            label=target.astype(np.float32),
            feature_names=list(order),
            feature_types=["c" if features()[name] == "category" else "q" for name in order],
            enable_categorical=True,
        )
        kind = "reg:squarederror" if problem == "regression" else "binary:logistic"
        booster = xgboost.train({"objective": kind, "nthread": 1}, data, num_boost_round=30)
        signature = {
            "problem": problem,
            "label": module("scoring").LABEL,
            "features": [
                {"name": name, "type": features()[name]}
                | ({"categories": ["a", "b"]} if features()[name] == "category" else {})
                for name in order
            ],
        }
        folder = self.state / "versions" / version
        module("model").write_package(folder, bytes(booster.save_raw("ubj")), signature)
        self.promote(version)

    def promote(self, version: str) -> None:
        """Move the alias, at once."""
        partial = self.state / "versions" / ".moving"
        partial.write_text(version)
        partial.replace(partial.with_name(ALIAS))

    def due(self, keys: Sequence[str]) -> None:
        """Entities whose instant is now, by the contract `entities`."""
        schema = json.loads(Path("contracts/entities.schema.json").read_text())
        names = list(schema["properties"])
        frame = pd.DataFrame({name: ["x"] * len(keys) for name in names})
        frame[names[0]] = list(keys)
        frame["event_timestamp"] = pd.Timestamp(NOW)
        (self.state / "features").mkdir(exist_ok=True)
        frame.to_parquet(self.state / "features" / "entities.parquet")
        (self.state / "training").mkdir(exist_ok=True)
        (self.state / "training" / "registration.json").write_text("{}")

    def score(self) -> pd.DataFrame:
        """Run the batch step as a user does."""
        done = subprocess.run(
            [sys.executable, "-m", PACKAGE, "score", "--force"],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return pd.read_parquet(self.state / "serving" / "scores.parquet")

    @contextmanager
    def service(self) -> Iterator[int]:
        """Serve as a user does; yields the port once something answers."""
        port = free_port()
        with (self.root / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    PACKAGE,
                    "serve",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(port),
                ],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(lambda: process.poll() is not None or status(port, "/livez") == 200)
            assert process.poll() is None, (self.root / "log.txt").read_text()
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place with empty stores and no model."""
    source = Path(importlib.import_module(PACKAGE).__file__ or "").parent
    code = tmp_path / "code" / PACKAGE
    shutil.copytree(source, code, ignore=shutil.ignore_patterns("__pycache__"))
    (code / "registry.py").write_text(REGISTRY)
    (code / "features.py").write_text(FEATURES)
    made = Place(tmp_path)
    (made.state / "versions").mkdir(parents=True)
    made.fill("online", {})
    made.fill("offline", {})
    return made


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def ask(port: int, question: object) -> Any:
    """An answer of the service: `status` and `document`."""
    with module("client").Client(port) as client:
        return client.predict(question)


def status(port: int, path: str) -> int:
    """The status of a page, 0 when nobody answers."""
    try:
        with module("client").Client(port, timeout=5) as client:
            return int(client.get(path).status)
    except OSError:
        return 0


def wait_for(condition: Any, seconds: float = 90.0) -> bool:
    """Whether the condition became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
