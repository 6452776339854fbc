"""The bed itself: several side by side, and nothing left behind, whoever is killed when."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import able

from bed import cluster, house, images, pins, processes, state
from bed.access import opened
from bed.faults import Fault, Unable
from bed.network import SLOTS, Network
from bed.state import State
from workloads import pod

COMMAND = Path(__file__).with_name("cluster.py")


@pytest.fixture
def name() -> Iterator[str]:
    chosen = f"bed-{os.getpid()}"
    yield chosen
    if left := state.find(chosen):
        cluster.down(left)


@pytest.fixture(params=cluster.DEPTHS)
def depth(request: pytest.FixtureRequest) -> str:
    if cluster.foreign():
        pytest.skip("optional: another cluster is named; none of ours is started")
    able(str(request.param))
    return str(request.param)


def command(*words: str) -> list[str]:
    return [sys.executable, str(COMMAND), *words]


def started(name: str, program: str) -> State:
    """Wait until a program of a cluster is there, that is, until the start is half done."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        one = state.find(name)
        if one and (one.folder / "logs" / f"{program}.log").is_file():
            return one
        time.sleep(0.02)
    raise AssertionError(f"{program} was never started")


def traces(one: State) -> list[str]:
    """What is left of a cluster on this machine."""
    left = [f"process {process}" for process in processes.marked(one.folder)]
    left += [str(path) for path in (one.folder,) if path.exists()]
    groups = (root / house.group(one) for root in house.hierarchies())
    left += [str(path) for path in groups if path.exists()]
    left += [one.network.wire] if (Path("/sys/class/net") / one.network.wire).exists() else []
    mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return left + [line for line in mounts if str(one.folder) in line]


def test_two_at_once_do_not_disturb_each_other(depth: str, name: str) -> None:
    with opened(f"{name}-a", depth) as one, opened(f"{name}-b", depth) as other:
        assert one.state and other.state and one.state.server != other.state.server
        one.kubectl("create", "namespace", "only-here")
        assert other.kubectl.try_("get", "namespace", "only-here").returncode
        for each in (one, other) if depth == "node" else ():
            each.load(images.busybox())
            each.kubectl.apply(pod("long", "sleep 1000", "default"))
            each.kubectl("wait", "pod/long", "--for=condition=Ready", "--timeout=60s")
        cluster.down(one.state)
        assert not traces(one.state)
        other.kubectl.apply(pod("untouched", "true", "default"))
        if depth == "node":
            other.kubectl("exec", "long", "--", "true")


def test_a_start_that_is_killed_leaves_nothing_after_down(depth: str, name: str) -> None:
    with subprocess.Popen(
        command("up", "--name", name, "--depth", depth), start_new_session=True
    ) as starter:
        one = started(name, "kube-controller-manager")
        starter.send_signal(signal.SIGKILL)
    assert processes.marked(one.folder)
    subprocess.run(command("down", "--name", name), check=True)
    assert not traces(one)


def test_a_cluster_whose_owner_was_killed_is_ended_by_the_next(name: str) -> None:
    able("api")
    code = (
        f"import bed.cluster as c, os; c.up({name!r}, 'api', owned=True); os.kill(os.getpid(), 9)"
    )
    here = [str(COMMAND.parent), str(COMMAND.parents[1])]
    given = {**os.environ, "PYTHONPATH": os.pathsep.join(here)}
    subprocess.run([sys.executable, "-c", code], env=given, check=False)
    one = state.find(name)
    assert one and one.orphaned and processes.marked(one.folder)
    cluster.sweep()
    assert not traces(one)


def test_a_program_that_cannot_start_says_why_and_leaves_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    able("api")
    monkeypatch.setattr("bed.api.Api._etcd", lambda self: ("--data-dir=/dev/null/none",))
    with pytest.raises(Fault, match=r"(?s)etcd has ended .*not a directory"):
        cluster.up(name, "api")
    assert state.find(name) is None


def test_the_ranges_of_all_clusters_lie_apart() -> None:
    ranges = [
        part
        for slot in range(SLOTS)
        for part in (Network(slot).cable, Network(slot).services, Network(slot).pods)
    ]
    assert len(set(ranges)) == 3 * SLOTS


def test_other_pins_are_built_into_another_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "go", lambda: "go1.26.0")
    before = pins.key(pins.API)
    assert pins.key(pins.API) == before
    monkeypatch.setattr(pins, "go", lambda: "go1.27.0")
    assert pins.key(pins.API) != before


@pytest.mark.parametrize(
    ("answer", "words"),
    [("", "Go is missing; install Go 1.26"), ("go version go1.19", "Go .* is too old; install")],
)
def test_a_machine_without_go_is_told_what_helps(
    answer: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if answer:
        program = tmp_path / "go"
        program.write_text("#!/bin/sh\necho go1.19.8\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setattr(pins, "_go", [])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unable, match=words):
        pins.go()
    assert cluster.VARIABLE in cluster.unable("api")


def test_a_cluster_that_is_named_but_missing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cluster.VARIABLE, "no/such/file")
    with pytest.raises(Fault, match="names no/such/file, which is no file"):
        cluster.foreign()
