"""Start and end a test bed by hand, and give it images."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from bed import build, builder, cluster, pins, state
from bed.access import Access
from bed.faults import Fault, Unable


def main(arguments: Sequence[str]) -> int:
    """Do what was asked; 1 if that failed, 3 if this machine cannot."""
    asked = _parser().parse_args(arguments)
    try:
        VERBS[asked.verb](asked)
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 3 if isinstance(fault, Unable) else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cluster.py", description=__doc__)
    parser.add_argument("verb", choices=sorted(VERBS))
    parser.add_argument("--name", default=cluster.DEFAULT, help="for a second cluster")
    parser.add_argument("--depth", choices=cluster.DEPTHS, help="default: what the machine can")
    parser.add_argument("--no-operator", action="store_true", help="up: without Ray's operator")
    parser.add_argument("--folder", type=Path, help="load: where a Containerfile is")
    parser.add_argument("--image", help="load: the name of the image")
    parser.add_argument("--all", action="store_true", help="down: every cluster of yours")
    return parser


def _up(asked: argparse.Namespace) -> None:
    depth = asked.depth or _deepest()
    one = state.find(asked.name)
    if one and asked.depth in (None, one.depth) and cluster.running(one):
        build.say(f"cluster {one.name} is running, depth {one.depth}")
    else:
        if reason := cluster.unable(depth):
            raise Unable(reason)
        if one:
            build.say(f"cluster {one.name} is no longer what was asked for: starting it again")
            cluster.down(one)
        start = time.monotonic()
        one = cluster.up(asked.name, depth, operator=not asked.no_operator)
        build.say(f"cluster {one.name} is ready, {time.monotonic() - start:.1f} s")
    build.say(f"kubectl: {pins.API.program('kubectl')}, logs: {one.folder / 'logs'}")
    build.say("to use it:")
    print(f"export KUBECONFIG={one.kubeconfig}")


def _deepest() -> str:
    reason = cluster.unable("node")
    if reason and not cluster.unable("api"):
        build.say(f"starting the API server without a node: {reason}")
        return "api"
    return "node"


def _down(asked: argparse.Namespace) -> None:
    named = [one for one in state.known() if asked.all or one.name == asked.name]
    for one in named:
        cluster.down(one)
        build.say(f"cluster {one.name} has ended")
    if not named:
        build.say(f"no cluster {asked.name} is there" if not asked.all else "no cluster is there")


def _list(asked: argparse.Namespace) -> None:
    for one in state.known():
        answer = "running" if cluster.running(one) else "not answering"
        print(f"{one.name}  {one.depth}  {answer}  {one.kubeconfig}")


def _build(asked: argparse.Namespace) -> None:
    if cluster.foreign():
        build.say(f"nothing to build: {cluster.VARIABLE} names a cluster")
        return
    depth = asked.depth or _deepest()
    if reason := cluster.unable(depth):
        raise Unable(reason)
    # Of workflows pods come: without a node their controller has nothing to do.
    more = (pins.WORKFLOWS,) if depth == "node" else ()
    build.provide((*pins.GROUPS[depth], pins.JUDGES, pins.DELIVERY, *more))
    for kinds in (pins.KINDS, pins.DELIVERY_KINDS, pins.FLUX_KINDS):
        build.definitions(kinds)


def _load(asked: argparse.Namespace) -> None:
    one = state.find(asked.name)
    if not one or one.depth != "node":
        raise Fault(f"no cluster {asked.name} with a node is there; start it with: make cluster")
    if not asked.folder or not asked.image:
        raise Fault("name a --folder with a Containerfile and the --image that it becomes")
    archive = builder.image(asked.folder, asked.image)
    Access.of(one).load(archive)
    build.say(f"{asked.image} is on the node")


VERBS = {"build": _build, "down": _down, "list": _list, "load": _load, "up": _up}

if __name__ == "__main__":
    # A cluster outlives the terminal that started it, Ctrl-C while it starts does not leave half.
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os._exit(1)
