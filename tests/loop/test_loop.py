"""The whole loop on real flights: it runs, resumes, stops cleanly and leaves nothing behind.

The tests run in their order: each goes on where the one before left the family.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Ended, Loop, interrupt

from sliced import processes

STEPS = (
    *("ingest", "features", "materialise", "dataset", "train", "evaluate", "register"),
    *("score", "probe", "drift", "trace"),
    *(
        f"{step}@{number}"
        for number in (1, 2)
        for step in ("traffic", "watch", "retrain", "compare", "follow")
    ),
    "report@2",
)
COUNT = len(STEPS)
# A later round is run by the same code: one kill for each step.
KILLED = [step for step in STEPS if not step.endswith("@2") or step == "report@2"]
# Steps that take seconds, so that a kill meets them at work.
SLOW = {
    *("materialise", "dataset", "train", "evaluate", "register", "score", "probe", "drift"),
    *("traffic@1", "watch@1"),
}


def test_the_first_run_ends_with_a_prediction(loop: Loop, first: Ended) -> None:
    assert first.code == 0, first.output
    assert first.steps == dict.fromkeys(STEPS, "ran")
    assert re.search(r"probability of late: +\d+\.\d%", first.output)
    for name in ("departure_hour", "plane_delay_7d", "temperature"):
        assert re.search(rf"^ +{name} +\S", first.output, re.MULTILINE), name
    report = (loop.state / "report.html").read_text()
    assert str(loop.state / "report.html") in first.output
    assert str(loop.read("serving/probe.json")["example"]["key"]) in report
    absent = re.findall(r'class="absent">([^<.:]+)', report)
    assert absent == ["No challenger was trained in these rounds"]
    loop.wait_until_none_is_left()


def test_nothing_is_written_outside_the_family(loop: Loop, first: Ended) -> None:
    assert sorted(path.name for path in loop.home.rglob("*") if path.is_file()) == []


def test_the_second_run_does_nothing(loop: Loop, first: Ended) -> None:
    before = loop.records()
    second = loop.run()
    assert second.code == 0, second.output
    assert second.steps == dict.fromkeys(STEPS, "nothing changed")
    assert second.seconds < 15
    assert loop.records() == before
    assert "probability of late" in second.output


def test_a_taken_port_is_one_clear_line(loop: Loop, first: Ended) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = subprocess.run(
            ["uv", "run", "--frozen", "flight-delays-serving", "serve", "--port", port],
            cwd=loop.family.repository("serving"),
            env=loop.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert answer.returncode != 0
    (line,) = [line for line in answer.stderr.splitlines() if line.startswith("error:")]
    assert port in line
    assert "Traceback" not in answer.stderr
    loop.wait_until_none_is_left()


def test_two_loops_at_once_do_not_mix(loop: Loop, first: Ended) -> None:
    running = loop.start("--from", "dataset")
    try:
        _read_until(running, "dataset")
        second = loop.run()
    finally:
        interrupt(running)
        running.communicate(timeout=60)
    assert second.code != 0
    assert "running already" in second.output
    loop.wait_until_none_is_left()


def test_ctrl_c_stops_cleanly_and_registers_nothing(loop: Loop, first: Ended) -> None:
    _change(loop.flights)
    before = loop.records()
    promoted = loop.read("training/registration.json")
    running = loop.start()
    _read_until(running, rf"/{COUNT}\] train ")
    time.sleep(4)
    started = time.monotonic()
    interrupt(running)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 130, output
    assert time.monotonic() - started < 15
    assert "Traceback" not in output
    assert loop.statuses()["train"] == "stopped"
    loop.wait_until_none_is_left()
    after = loop.records()
    assert _changed(before, after) == {"ingest", "features", "materialise", "dataset"}
    assert loop.read("training/registration.json") == promoted


def test_every_killed_step_is_made_up_for(loop: Loop, first: Ended) -> None:
    _change(loop.flights)
    killed = set()
    for step in KILLED:
        running = loop.start()
        _read_until(running, rf"/{COUNT}\] {step} ")
        if _kill(loop, step):
            killed.add(step)
        interrupt(running)
        running.communicate(timeout=120)
        loop.wait_until_none_is_left()
    assert killed >= SLOW
    again = loop.run()
    assert again.code == 0, again.output
    assert set(again.steps.values()) <= {"ran", "nothing changed"}
    assert again.steps["dataset"] == "nothing changed"
    assert not set(first.records.items()) & set(loop.records().items())
    assert not list(loop.state.rglob("*.partial"))


def test_a_killed_loop_is_made_up_for(loop: Loop, first: Ended) -> None:
    running = loop.start("--from", "probe")
    _read_until(running, rf"/{COUNT}\] probe ")
    time.sleep(3)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)
    again = loop.run()
    assert again.code == 0, again.output
    loop.wait_until_none_is_left()


def _change(flights: Path) -> None:
    """Leave out a flight that landed in the middle of the training window."""
    lines = flights.read_text().splitlines(keepends=True)
    place = lines[0].strip().split(",").index("arr_delay")
    middle = range(len(lines) // 2, len(lines))
    gone = next(number for number in middle if lines[number].split(",")[place] not in ("", "NA"))
    flights.write_text("".join(lines[:gone] + lines[gone + 1 :]))


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {step for step, record in after.items() if before.get(step) != record}


def _read_until(running: subprocess.Popen[str], pattern: str) -> None:
    assert running.stdout is not None
    for line in running.stdout:
        if re.search(pattern, line):
            return
    pytest.fail(f"the loop ended (status {running.wait()}) before it showed {pattern}")


def _kill(loop: Loop, step: str) -> bool:
    """Kill the Python process that runs a step; False when it was faster."""
    name = step.partition("@")[0]
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for pid, words in processes(loop.family.folder).items():
            if re.search(rf" {name}( --round \S+)? --parent", words) and not words.startswith(
                "uv "
            ):
                time.sleep(0.3)
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    return False
                return True
        time.sleep(0.02)
    return False
