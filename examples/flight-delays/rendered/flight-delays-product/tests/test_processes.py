"""Nothing of a child process outlives its step."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flight_delays_product.children import Children
from flight_delays_product.family import locked
from flight_delays_product.faults import Fault
from flight_delays_product.guard import watched

# Runs know their processes by their name: other tests on this machine have another.
NAME = f"t{os.getpid()}"
SLEEPER = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


def alive(pid: int) -> bool:
    """Whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_output_comes_line_by_line_and_the_status_is_told(tmp_path: Path) -> None:
    lines: list[str] = []
    with (tmp_path / "lock").open("w") as lock, Children(NAME, lock=lock.fileno()) as children:
        code = children.run(
            [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"],
            folder=tmp_path,
            environment={},
            show=lines.append,
        )
    assert (lines, code) == (["one", "two"], 3)


def test_a_grandchild_left_behind_is_ended(tmp_path: Path) -> None:
    lines: list[str] = []
    source = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])"
    with (tmp_path / "lock").open("w") as lock, Children(NAME, lock=lock.fileno()) as children:
        children.run(
            [sys.executable, "-c", f"{source}; import time; time.sleep(0.5)"],
            folder=tmp_path,
            environment={},
            show=lines.append,
        )
    wait(lambda: not alive(int(lines[0])))


def test_what_runs_beside_the_steps_outlives_them_and_ends(tmp_path: Path) -> None:
    lines: list[str] = []
    name = f"{NAME}-1"
    with (tmp_path / "lock").open("w") as lock, Children(name, lock=lock.fileno()) as children:
        words = [sys.executable, "-c", SLEEPER]
        beside = children.start(words, folder=tmp_path, environment={}, show=lines.append)
        wait(lambda: bool(lines))
        children.run(
            [sys.executable, "-c", "pass"],
            folder=tmp_path,
            environment={},
            show=lines.append,
        )
        assert beside.process.poll() is None
        assert children.end(beside) != 0
    wait(lambda: not alive(int(lines[0])))


def test_the_guard_ends_the_children_of_a_killed_loop(tmp_path: Path) -> None:
    source = f"""
        import sys
        from pathlib import Path
        from flight_delays_product.children import Children

        with open("lock", "w") as lock, Children({NAME!r}, lock=lock.fileno()) as children:
            words = [sys.executable, "-c", {SLEEPER!r}]
            show = lambda line: print(line, flush=True)
            children.run(words, folder=Path.cwd(), environment={{}}, show=show)
    """
    loop = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert loop.stdout is not None
    pid = int(loop.stdout.readline())
    loop.send_signal(signal.SIGKILL)
    loop.wait()
    loop.stdout.close()
    wait(lambda: not alive(pid))


def test_the_guard_forgets_what_ended() -> None:
    assert watched(["watch 1", "watch 2", "forget 1"]) == {2}


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(Fault, match="running already"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
