"""Starts a prediction service as a process of its own, keeps it busy and says what it took."""

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from families import environment

LOAD = Path(__file__).with_name("load.py")
START_SECONDS = 240  # a busy machine takes its time to import


@dataclass
class Service:
    """A running service."""

    title: str
    port: int
    process: psutil.Process

    def measure(self, route: str, questions: Path, clients: int, seconds: float) -> dict[str, Any]:
        """Requests per second and latencies under load, and processor time per request."""
        before = self._processor_seconds()
        options = ["--port", str(self.port), "--route", route, "--questions", str(questions)]
        options += ["--clients", str(clients), "--seconds", str(seconds)]
        done = subprocess.run(
            [sys.executable, str(LOAD), *options], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"error: {self.title}: {done.stderr.strip().splitlines()[-1]}")
        figures: dict[str, Any] = json.loads(done.stdout)
        if figures["failed"]:
            raise SystemExit(f"error: {self.title} {route}: {figures['first_failure']}")
        used = self._processor_seconds() - before
        figures["processor_ms_per_request"] = 1000 * used / figures["requests"]
        return figures

    def answer(self, route: str, question: str) -> Any:
        """What it answers to one question; `OSError` when it does not."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{route}",
            question.encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def _processor_seconds(self) -> float:
        """Of the service and all its processes."""
        times = [one.cpu_times() for one in [self.process, *self.process.children(recursive=True)]]
        return sum(each.user + each.system for each in times)


@contextlib.contextmanager
def started(
    title: str,
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    log: Path,
    route: str,
    question: str,
) -> Iterator[Service]:
    """The service, once it answers; `{port}` in the command is replaced."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("w") as output:
        process = subprocess.Popen(
            [word.replace("{port}", str(port)) for word in command],
            cwd=folder,
            env={**environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    service = Service(title, port, psutil.Process(process.pid))
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                service.answer(route, question)
                break
            except (OSError, urllib.error.URLError) as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    told = log.read_text("utf-8").strip()[-600:]
                    raise SystemExit(f"error: {title} does not answer: {error}\n{told}") from None
                time.sleep(0.2)
        yield service
    finally:
        family = [service.process, *service.process.children(recursive=True)]
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
