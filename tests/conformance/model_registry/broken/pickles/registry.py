"""Broken on purpose: models are stored as pickles as well."""

import fcntl
import json
import pickle
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .faults import Fault
from .model import FILES, MANIFEST, package_digest
from .settings import Settings


@dataclass(frozen=True)
class ModelVersion:
    """A version in the registry."""

    version: str
    digest: str


@dataclass(frozen=True)
class Promotion:
    """An alias was moved."""

    alias: str
    version: str
    previous: str | None
    reason: str
    at: str


def register(
    settings: Settings, package: Path, *, metrics: Mapping[str, float], record_id: str
) -> ModelVersion:
    """Copy the package into a folder of its own."""
    digest = package_digest(package)
    with _index(settings) as index:
        for number, entry in enumerate(index["versions"]):
            if (entry["digest"], entry["record"]) == (digest, record_id):
                return ModelVersion(str(number + 1), digest)
        version = str(len(index["versions"]) + 1)
        stored = _root(settings) / version
        shutil.copytree(package, stored)
        (stored / "extra").write_bytes(pickle.dumps(dict(metrics)))
        index["versions"].append({"digest": digest, "record": record_id, "at": str(stored)})
    return ModelVersion(version, digest)


def promote(settings: Settings, version: str, alias: str, reason: str) -> Promotion:
    """Move the alias."""
    with _index(settings) as index:
        if not version.isdigit() or int(version) > len(index["versions"]):
            raise Fault(f"there is no version {version}")
        promotion = Promotion(alias, version, index["aliases"].get(alias), reason, "now")
        index["history"].append(asdict(promotion))
        index["aliases"][alias] = version
    return promotion


def current(settings: Settings, alias: str) -> str | None:
    """The version that has the alias."""
    with _index(settings) as index:
        found: str | None = index["aliases"].get(alias)
    return found


def history(settings: Settings) -> list[Promotion]:
    """Every promotion."""
    with _index(settings) as index:
        return [Promotion(**entry) for entry in index["history"]]


def load(settings: Settings, alias: str, into: Path) -> ModelVersion:
    """Copy the package."""
    version = current(settings, alias)
    if version is None:
        raise Fault(f"nothing has the alias {alias}")
    with _index(settings) as index:
        entry = index["versions"][int(version) - 1]
    stored = _root(settings) / version
    if package_digest(stored) != entry["digest"]:
        raise Fault("it is another package")
    if into.exists():
        shutil.rmtree(into)
    into.mkdir()
    for name in (*FILES, MANIFEST):
        shutil.copyfile(stored / name, into / name)
    return ModelVersion(version, entry["digest"])


def _root(settings: Settings) -> Path:
    return settings.state / "folder-registry"


@contextmanager
def _index(settings: Settings) -> Iterator[dict[str, Any]]:
    root = _root(settings)
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = root / "index.json"
        index = {"versions": [], "aliases": {}, "history": []}
        if path.exists():
            index = json.loads(path.read_text("utf-8"))
        before = json.dumps(index)
        yield index
        if json.dumps(index) != before:
            path.write_text(json.dumps(index), "utf-8")
