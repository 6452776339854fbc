"""Settings with an empty state folder: the suite runs inside a training repository."""

import importlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

PACKAGE = os.environ.get("CONFORMANCE_PACKAGE", "flight_delays_training")
compute = importlib.import_module(f"{PACKAGE}.compute")
trials = importlib.import_module(f"{PACKAGE}.trials")
faults = importlib.import_module(f"{PACKAGE}.faults")
settings_module = importlib.import_module(f"{PACKAGE}.settings")

# What only servers have to show.
collect_ignore = [] if "CONFORMANCE_SERVERS" in os.environ else ["test_servers.py"]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The repository's own settings, with a state folder of the suite."""
    with pytest.MonkeyPatch.context() as patch:
        state = tmp_path_factory.mktemp("state")
        patch.setenv(f"{settings_module.PREFIX}_STATE", str(state))
        yield settings_module.load_settings()


@pytest.fixture(scope="module")
def session(settings: Any) -> Iterator[Any]:
    """The compute runs once for the tests that share it."""
    with compute.session(settings):
        yield settings
