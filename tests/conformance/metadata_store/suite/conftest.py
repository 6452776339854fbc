"""Settings with an empty state folder: the suite runs inside a training repository."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PACKAGE = os.environ.get("CONFORMANCE_PACKAGE", "flight_delays_training")
environment = importlib.import_module(f"{PACKAGE}.environment")
faults = importlib.import_module(f"{PACKAGE}.faults")
settings_module = importlib.import_module(f"{PACKAGE}.settings")
tracking = importlib.import_module(f"{PACKAGE}.tracking")

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
