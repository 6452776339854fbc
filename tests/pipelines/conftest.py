"""What the tests of executed pipelines share: a machine that runs them, and a registry."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "tests" / folder) for folder in ("kubernetes", "rendered")]

import registry  # noqa: E402 - the folders beside must be known
import tiers  # noqa: E402
from runners import Machine  # noqa: E402

import system  # noqa: E402
from bed import builder  # noqa: E402


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[registry.Registry]:
    """A registry, and an engine whose base images are there."""
    if os.geteuid() != 0:
        pytest.skip("optional: images are built without a container engine by root only")
    if missing := system.lacking(tiers.SYSTEM["pipelines"]):
        pytest.fail(f"missing: {' '.join(missing)}; install them, then try again")
    builder.base()
    builder.forget()
    with registry.running(tmp_path_factory.mktemp("registry")) as here:
        yield here


@pytest.fixture
def machine(images: registry.Registry, tmp_path: Path) -> Iterator[Machine]:
    """A runner that has never run anything; what it wrote is gone afterwards."""
    folder = tmp_path / "machine"
    folder.mkdir()
    yield Machine(folder, images.settings())
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def plain(tmp_path: Path) -> Callable[[], Machine]:
    """A runner that builds no images."""

    def make() -> Machine:
        folder = tmp_path / "machine"
        folder.mkdir(exist_ok=True)
        return Machine(folder, {})

    return make
