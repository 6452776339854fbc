"""A cluster as tests see it: one of ours for as long as they run, or the one that was named."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import cluster
from .api import Api
from .client import Kubectl
from .node import Node
from .state import State


@dataclass(frozen=True)
class Access:
    """How to speak to a cluster, and whether it is ours to look into."""

    kubeconfig: Path
    kubectl: Kubectl
    state: State | None = None

    @classmethod
    def of(cls, state: State) -> "Access":
        """To one of our own."""
        return cls(state.kubeconfig, Api(state).kubectl, state)

    def load(self, archive: Path, name: str = "") -> None:
        """Give our node an image; another cluster pulls it by its name."""
        if self.state:
            node = Node(self.state)
            node.house.enter()
            node.load(archive, name)


@contextmanager
def opened(name: str, depth: str, *, operator: bool = True) -> Iterator[Access]:
    """The cluster that NINEFOLD_KUBECONFIG names, or one of our own, with Ray's operator or not."""
    if named := cluster.foreign():
        yield Access(named, Kubectl("kubectl", named))
        return
    with cluster.borrowed(name, depth, operator) as state:
        yield Access.of(state)
