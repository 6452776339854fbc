"""What every orchestration technology does: order, retries, failures, resuming, Ctrl-C."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PACKAGE, ROUNDS, Calls, pipeline, toy

DIAMOND = (toy("a"), toy("b", "a"), toy("c", "a"), toy("d", "b", "c"), toy("e"))


def test_every_step_runs_once_in_the_order_of_the_description(run: Any) -> None:
    calls = Calls()
    run(pipeline.PIPELINE, calls)
    assert calls.names == [step.name for step in pipeline.PIPELINE]


def test_the_steps_of_rounds_run_once_in_their_order(run: Any) -> None:
    steps = pipeline.with_rounds(ROUNDS)
    calls = Calls()
    run(steps, calls)
    assert calls.names == [step.name for step in steps]
    assert calls.names[-1].endswith("@2")


@pytest.mark.parametrize("seed", range(8))
def test_a_step_waits_for_all_that_it_needs(run: Any, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"s{number}" for number in range(12)]
    chance.shuffle(names)
    steps = [
        toy(name, *chance.sample(names[:place], min(place, chance.randrange(4))))
        for place, name in enumerate(names)
    ]
    calls = Calls()
    run(steps, calls)
    assert calls.names == names


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_failing_step_is_tried_as_often_as_it_says(run: Any, retries: int) -> None:
    calls = Calls({"b": 99})
    run((toy("a"), toy("b", "a", retries=retries), toy("c", "b")), calls)
    assert calls.names == ["a"] + ["b"] * (retries + 1)


def test_success_at_a_later_attempt_lets_its_dependants_run(run: Any) -> None:
    calls = Calls({"b": 1})
    run((toy("a"), toy("b", "a", retries=2), toy("c", "b")), calls)
    assert calls.names == ["a", "b", "b", "c"]


def test_a_failed_step_stops_its_dependants(run: Any) -> None:
    calls = Calls({"b": 99})
    run(DIAMOND, calls)
    assert "d" not in calls.names


def test_a_failed_step_stops_no_others(run: Any) -> None:
    calls = Calls({"b": 99})
    run(DIAMOND, calls)
    assert set(calls.names) == {"a", "b", "c", "e"}


def test_running_again_asks_every_step_again(run: Any) -> None:
    # Whether anything changed is the step's own knowledge, by its run record.
    first, second = Calls({"c": 99}), Calls()
    run(DIAMOND, first)
    run(DIAMOND, second)
    assert second.names == ["a", "b", "c", "d", "e"]


def test_nothing_is_left_in_home_or_here(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("HOME", str(empty))
    run(DIAMOND, Calls({"c": 1}))
    assert list(empty.iterdir()) == []


def test_ctrl_c_ends_the_running_step_and_starts_no_other(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(INTERRUPTED))
    process = subprocess.Popen(
        [sys.executable, str(script), PACKAGE, str(tmp_path)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    started = tmp_path / "started"
    try:
        _wait(started.exists)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=15) == 130
    finally:
        process.kill()
        process.wait()
    assert started.read_text().split()[0] == "b"
    _wait(lambda: not _alive(int(started.read_text().split()[1])))
    assert (tmp_path / "called").read_text().split() == ["a", "b"]


# Runs a -> b -> c, where b is a child process that sleeps.
INTERRUPTED = """
    import importlib, os, pathlib, sys

    package, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    module = lambda name: importlib.import_module(f"{package}.{name}")
    step = module("pipeline").LoopStep
    settings = module("settings").Settings("dev", "local", folder / "state", None, {}, {})
    steps = tuple(
        step(name, "toy", "toy", needs, 0, name)
        for name, needs in (("a", ()), ("b", ("a",)), ("c", ("b",)))
    )
    sleeper = (
        "import os, pathlib, sys, time;"
        "path = pathlib.Path(sys.argv[1]); part = path.with_name('part');"
        "part.write_text(f'b {os.getpid()}'); part.rename(path); time.sleep(60)"
    )
    try:
        with (folder / "lock").open("w") as lock:
            with module("children").Children("test", lock=lock.fileno()) as children:

                def command(step):
                    with (folder / "called").open("a") as called:
                        called.write(f"{step.name} ")
                    if step.name != "b":
                        return True
                    words = [sys.executable, "-c", sleeper, str(folder / "started")]
                    code = children.run(words, folder=folder, environment={}, show=print)
                    return code == 0

                module("orchestration").run(settings, steps, command)
    except KeyboardInterrupt:
        sys.exit(130)
"""


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
