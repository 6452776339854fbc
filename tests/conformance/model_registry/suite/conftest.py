"""Settings with an empty state folder: the suite runs inside a training repository."""

import importlib
import os
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

PACKAGE = os.environ.get("CONFORMANCE_PACKAGE", "flight_delays_training")
environment = importlib.import_module(f"{PACKAGE}.environment")
faults = importlib.import_module(f"{PACKAGE}.faults")
model = importlib.import_module(f"{PACKAGE}.model")
registry = importlib.import_module(f"{PACKAGE}.registry")
settings_module = importlib.import_module(f"{PACKAGE}.settings")

# What only servers have to show.
collect_ignore = [] if "CONFORMANCE_SERVERS" in os.environ else ["test_servers.py"]


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Any]:
    """The repository's own settings, with another state folder."""

    def load(state: Path) -> Any:
        monkeypatch.setenv(f"{settings_module.PREFIX}_STATE", str(state))
        loaded = settings_module.load_settings()
        environment.apply(loaded)
        return loaded

    return load


@pytest.fixture
def settings(settings_of: Callable[[Path], Any], tmp_path: Path) -> Any:
    """An empty state folder."""
    return settings_of(tmp_path / "state")


class Folder(MutableMapping[str, bytes]):
    """The files below a folder: contents by path."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __getitem__(self, name: str) -> bytes:
        return (self._root / name).read_bytes()

    def __setitem__(self, name: str, content: bytes) -> None:
        (self._root / name).write_bytes(content)

    def __delitem__(self, name: str) -> None:
        (self._root / name).unlink()

    def __iter__(self) -> Iterator[str]:
        files = [path for path in self._root.rglob("*") if path.is_file()]
        return iter([path.relative_to(self._root).as_posix() for path in files])

    def __len__(self) -> int:
        return len(list(iter(self)))


@pytest.fixture
def stored(settings: Any, request: pytest.FixtureRequest) -> MutableMapping[str, bytes]:
    """All that the registry keeps: in the state folder, or where the technology's bed says."""
    try:
        where: Callable[[Any], MutableMapping[str, bytes]] = request.getfixturevalue(
            "stored_models"
        )
    except pytest.FixtureLookupError:
        return Folder(settings.state)
    return where(settings)
