"""The real server answers what was written."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PARAMETERS, expected, write

PROGRAM = Path(sys.executable).with_name("tensorboard")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    write(folder / "curves" / "run-1")
    log = folder / "log"
    command = [str(PROGRAM), "--logdir", str(folder / "curves"), "--host", "127.0.0.1"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port", "0", "--reload_interval", "1"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text("utf-8"))):
            assert process.poll() is None and time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.2)
        yield found.group(0)
    finally:
        process.terminate()
        process.wait(20)


def ask(server: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(
        f"{server}/data/plugin/{path}", data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def ask_until(server: str, path: str, known: Any, body: Any = None) -> Any:
    """Ask again until the answer holds what is known to come: the server reads in turns."""
    until = time.monotonic() + 30
    while True:
        try:
            answer = ask(server, path, body)
        except urllib.error.HTTPError:
            answer = None
        if (answer is not None and known(answer)) or time.monotonic() > until:
            return answer
        time.sleep(0.3)


@pytest.mark.parametrize("window", ["train", "validation"])
def test_the_server_answers_every_curve(server: str, window: str) -> None:
    run = f"run-1/final/{window}"
    tags = ask_until(server, "scalars/tags", lambda answer: run in answer)
    assert "loss" in tags[run]
    query = urllib.parse.urlencode({"run": run, "tag": "loss"})
    answer = ask_until(server, f"scalars/scalars?{query}", lambda found: len(found) == 30)
    assert [(step, value) for _, step, value in answer] == expected(window)


def test_the_server_answers_the_trials(server: str) -> None:
    body = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_RUNNING"],
        "colParams": [{"hparam": name} for name in PARAMETERS],
        "startIndex": 0,
        "sliceSize": 10,
    }
    answer = ask_until(
        server,
        "hparams/session_groups",
        lambda found: len(found.get("sessionGroups", ())) == 2,
        body,
    )
    groups = answer["sessionGroups"]
    assert sorted(group["hparams"]["max_depth"] for group in groups) == [5, 7]
    assert {group["hparams"]["learning_rate"] for group in groups} == {0.125}
