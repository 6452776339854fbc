"""Start and end clusters."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import build, pins, processes, state
from .api import Api
from .faults import Fault, Unable
from .house import apart
from .node import Node, clear, prepare
from .state import State

DEFAULT = "ninefold"
DEPTHS = ("api", "node")
VARIABLE = "NINEFOLD_KUBECONFIG"


def unable(depth: str) -> str:
    """Why this machine cannot run a depth, with the remedy; empty if it can."""
    other = f"or name a cluster in {VARIABLE}"
    if platform.system() != "Linux":
        return f"the test bed needs Linux; use a Linux machine, {other}"
    if depth == "node" and os.geteuid() != 0:
        return f"a node needs root; run it as root, {other}"
    if depth == "node" and not apart():
        return f"this container may not make namespaces; run it privileged, {other}"
    try:
        pins.go()
    except Unable as error:
        return str(error)
    return ""


def up(
    name: str = DEFAULT, depth: str = "node", owned: bool = False, operator: bool = True
) -> State:
    """Build what is missing and start a cluster; if that fails, nothing of it is left.

    An owned cluster must not outlive the process that started it: whoever starts the next one
    ends it. A platform that brings Ray's operator itself wants none from us.
    """
    if reason := unable(depth):
        raise Unable(reason)
    sweep()
    build.provide(pins.GROUPS[depth])
    build.definitions()
    if depth == "node":
        prepare()
    one = state.claim(name, depth, owned)
    try:
        (Node(one, operator) if depth == "node" else Api(one)).start()
    except BaseException:
        down(one)
        raise
    return one


def down(one: State) -> None:
    """Stop exactly what belongs to a cluster and remove what it wrote."""
    processes.stop(one.folder)
    clear(one)
    state.forget(one)


def sweep() -> None:
    """End the clusters whose owner is gone."""
    for one in state.known():
        if one.orphaned:
            down(one)


def running(one: State) -> bool:
    """Its API server answers."""
    try:
        asked = Api(one).kubectl.try_("get", "--raw=/readyz", "--request-timeout=5s")
    except OSError:
        return False
    return asked.stdout == "ok"


@contextmanager
def borrowed(name: str, depth: str, operator: bool = True) -> Iterator[State]:
    """A cluster for as long as the block runs."""
    one = up(name, depth, owned=True, operator=operator)
    try:
        yield one
    finally:
        down(one)


def foreign() -> Path | None:
    """The kubeconfig of a cluster that is not ours, if one is named."""
    named = os.environ.get(VARIABLE)
    if named and not Path(named).is_file():
        raise Fault(f"{VARIABLE} names {named}, which is no file")
    return Path(named) if named else None
