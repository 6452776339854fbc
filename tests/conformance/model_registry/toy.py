"""A registry in a folder, right and small: each broken case spoils one thing in it."""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .faults import Fault
from .model import FILES, MANIFEST, named_version, package_digest
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


class Toy:
    """The port's functions as methods, and what a case may spoil."""

    def register(
        self, settings: Settings, package: Path, *, metrics: Mapping[str, float], record_id: str
    ) -> ModelVersion:
        """Copy the package into a folder of its own."""
        digest = package_digest(package)
        with self.index(settings) as index:
            for number, entry in enumerate(index["versions"]):
                if (entry["digest"], entry["record"]) == (digest, record_id):
                    return ModelVersion(str(number + 1), digest)
            version = str(len(index["versions"]) + 1)
            stored = self.root(settings) / version
            self.store(package, stored, metrics)
            index["versions"].append({"digest": digest, "record": record_id, "at": str(stored)})
        return ModelVersion(version, digest)

    def promote(self, settings: Settings, version: str, alias: str, reason: str) -> Promotion:
        """Move the alias."""
        if self.numbered(alias):
            raise Fault(f"{alias} names a version itself")
        with self.index(settings) as index:
            if not version.isdigit() or int(version) > len(index["versions"]):
                raise Fault(f"there is no version {version}")
            promotion = Promotion(alias, version, index["aliases"].get(alias), reason, "now")
            self.remember(index["history"], asdict(promotion))
            index["aliases"][alias] = version
        return promotion

    def current(self, settings: Settings, alias: str) -> str | None:
        """The version that has the alias."""
        with self.index(settings) as index:
            if number := self.numbered(alias):
                return number if int(number) <= len(index["versions"]) else None
            found: str | None = index["aliases"].get(alias)
        return found

    def numbered(self, name: str) -> str | None:
        """The version that is named itself."""
        return named_version(name)

    def history(self, settings: Settings) -> list[Promotion]:
        """Every promotion."""
        with self.index(settings) as index:
            return [Promotion(**entry) for entry in index["history"]]

    def load(self, settings: Settings, alias: str, into: Path) -> ModelVersion:
        """Copy the package."""
        version = self.current(settings, alias)
        if version is None:
            raise Fault(f"nothing has the alias {alias}")
        with self.index(settings) as index:
            entry = index["versions"][int(version) - 1]
        stored = self.place(settings, version, entry)
        self.verify(stored, entry["digest"])
        if into.exists():
            shutil.rmtree(into)
        into.mkdir()
        for name in (*FILES, MANIFEST):
            shutil.copyfile(stored / name, into / name)
        return ModelVersion(version, entry["digest"])

    def store(self, package: Path, stored: Path, metrics: Mapping[str, float]) -> None:
        """Keep a package."""
        shutil.copytree(package, stored)

    def remember(self, history: list[Any], entry: Mapping[str, Any]) -> None:
        """Keep a promotion."""
        history.append(entry)

    def place(self, settings: Settings, version: str, entry: Mapping[str, Any]) -> Path:
        """Where a package is kept, wherever the state folder lies."""
        return self.root(settings) / version

    def verify(self, stored: Path, digest: str) -> None:
        """Refuse a package that is not the registered one."""
        if package_digest(stored) != digest:
            raise Fault("it is another package")

    def lock(self, stream: Any) -> None:
        """Wait until nobody else writes."""
        fcntl.flock(stream, fcntl.LOCK_EX)

    def write(self, path: Path, index: Mapping[str, Any]) -> None:
        """Keep the index."""
        path.write_text(json.dumps(index), "utf-8")

    def root(self, settings: Settings) -> Path:
        """The registry's folder."""
        return settings.state / "folder-registry"

    @contextmanager
    def index(self, settings: Settings) -> Iterator[dict[str, Any]]:
        """All that is known, written again where it changed."""
        root = self.root(settings)
        root.mkdir(parents=True, exist_ok=True)
        with (root / ".lock").open("a+") as stream:
            self.lock(stream)
            path = root / "index.json"
            index = {"versions": [], "aliases": {}, "history": []}
            if path.exists():
                index = json.loads(path.read_text("utf-8"))
            before = json.dumps(index)
            yield index
            if json.dumps(index) != before:
                self.write(path, index)
