"""Clusters for the tests: one of each depth, started when the first test asks for it."""

import os
import uuid
from collections.abc import Callable, Iterator

import pytest

from bed import cluster, images
from bed.access import Access, opened
from bed.client import Object

Workshop = Callable[[Access], str]


def able(depth: str) -> None:
    """Skip where the machine cannot run this depth and no other cluster is named."""
    if not cluster.foreign() and (reason := cluster.unable(depth)):
        pytest.skip(reason)


@pytest.fixture(scope="session")
def api() -> Iterator[Access]:
    """An API server."""
    able("api")
    with opened(f"api-{os.getpid()}", "api") as one:
        yield one


@pytest.fixture(scope="session")
def node() -> Iterator[Access]:
    """A cluster that runs pods, with an image to run."""
    able("node")
    with opened(f"node-{os.getpid()}", "node") as one:
        if one.state:
            one.load(images.busybox())
        yield one


@pytest.fixture
def namespace() -> Iterator[Workshop]:
    """Makes namespaces that enforce the restricted profile, and removes them in the end."""
    made: list[tuple[Access, str]] = []

    def make(access: Access) -> str:
        name = f"test-{uuid.uuid4().hex[:8]}"
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        head: Object = {"name": name, "labels": labels}
        access.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": head})
        access.kubectl("wait", f"--namespace={name}", "--for=create", "sa/default", "--timeout=30s")
        made.append((access, name))
        return name

    yield make
    for access, name in made:
        access.kubectl("delete", "namespace", name, "--wait=false")
