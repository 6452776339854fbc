"""Served predictions under load: the family's service beside the same thing written by hand.

All ways run one worker, in the environment of one rendered serving repository, with the same model
and the same questions. They take turns, so that what else the machine does meets all of them.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from families import call, render, table, verdict
from services import Service, started

PACKAGE = "flight_delays_serving"
REPOSITORY = "flight-delays-serving"
PEERS = Path(__file__).with_name("peers")
QUESTIONS = Path(__file__).with_name("serving_questions.py")
NEEDED = ("features", "feature_store", "registry")  # of a family's state
CLIENTS = 16
TWICE, LEVEL = 2.0, 0.95  # requests per second beside BentoML alone, beside FastAPI alone
KINDS = {
    "rows": "model alone: the row in the request",
    "keys": "end to end: the features looked up online",
}


@dataclass(frozen=True)
class Way:
    """A service and the routes on which it answers each kind of question."""

    title: str
    technology: str
    command: tuple[str, ...]
    routes: dict[str, str]


OURS = {"rows": "/predict", "keys": "/predict"}
THEIRS = {"rows": "/predict", "keys": "/predict_keys"}
WAYS = (
    Way("this family, BentoML", "bentoml", (REPOSITORY, "serve"), OURS),
    Way("this family, Flask", "flask", (REPOSITORY, "serve"), OURS),
    Way(
        "BentoML alone",
        "bentoml",
        ("bentoml", "serve", "bare_bentoml:Bare"),
        THEIRS,
    ),
    Way(
        "FastAPI alone",
        "bentoml",
        ("uvicorn", "bare_fastapi:app", "--no-access-log", "--log-level", "warning"),
        THEIRS,
    ),
)


def measure(state: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """Figures by kind of question and way: one for each round."""
    with tempfile.TemporaryDirectory(prefix="ninefold-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        for part in NEEDED:
            shutil.copytree(state / part, folder / "state" / part)
        technologies = dict.fromkeys(way.technology for way in WAYS)
        repositories = {name: _repository(folder, name) for name in technologies}
        asked = _questions(next(iter(repositories.values())), folder)
        services = [
            (way, stack.enter_context(_start(way, repositories[way.technology], folder, asked)))
            for way in WAYS
        ]
        if differing := _answers(services, asked):
            raise SystemExit(f"error: {differing} questions get different answers: no peers")
        figures: dict[str, Any] = {kind: {way.title: [] for way in WAYS} for kind in KINDS}
        for kind, by_way in figures.items():
            for turn in range(rounds + 1):  # the first one warms up
                for way, service in services:
                    found = service.measure(way.routes[kind], asked[kind], CLIENTS, seconds)
                    if turn:
                        by_way[way.title].append(found)
    return {"clients": CLIENTS, "workers": 1, "figures": figures}


def report(document: Mapping[str, Any]) -> str:
    """One table for each kind of question."""
    tables = []
    for kind, by_way in document["figures"].items():
        ours = by_way[WAYS[0].title]
        rows = []
        for title, rounds in by_way.items():
            rows.append(
                [
                    title,
                    f"{_median(rounds, 'requests_per_second'):,.0f}",
                    f"{_median(rounds, 'p50_ms'):.1f}",
                    f"{_median(rounds, 'p99_ms'):.1f}",
                    f"{_median(rounds, 'processor_ms_per_request'):.2f}",
                    f"{_ratio(ours, rounds):.2f}",
                ]
            )
        header = f"{KINDS[kind]} | requests/s | p50 ms | p99 ms | CPU ms/request | ours to it"
        tables.append(table(header, rows))
    return "\n\n".join(tables)


def goals(document: Mapping[str, Any]) -> list[list[str]]:
    """Each goal beside the figure, for the model alone."""
    by_way = document["figures"]["rows"]
    ours = by_way[WAYS[0].title]
    rows = []
    for title, stated, least in (
        ("BentoML alone", "twice its requests per second", TWICE),
        ("FastAPI alone", "level", LEVEL),
    ):
        ratio = _ratio(ours, by_way[title])
        found = verdict(f"{ratio:.2f} times", met=ratio >= least)
        rows.append([f"service beside {title}, row in the request", stated, found])
    return rows


def _ratio(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> float:
    """Our requests per second to theirs, the median of the turns."""
    name = "requests_per_second"
    return statistics.median(a[name] / b[name] for a, b in zip(ours, theirs, strict=True))


def _median(rounds: list[dict[str, float]], name: str) -> float:
    return statistics.median(figures[name] for figures in rounds)


def _repository(folder: Path, technology: str) -> Path:
    family = render(folder / technology, {"serving.online": technology}, only=("serving",))
    repository = family / REPOSITORY
    call(["make", "setup"], repository)
    return repository


def _variables(folder: Path) -> dict[str, str]:
    return {
        "FLIGHT_DELAYS_STATE": str(folder / "state"),
        "PYTHONPATH": str(PEERS),
        # What the repository itself sets: no telemetry, nothing in the user's home.
        "DO_NOT_TRACK": "true",
        "BENTOML_DO_NOT_TRACK": "True",
        "FEAST_USAGE": "False",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _questions(repository: Path, folder: Path) -> dict[str, Path]:
    command = [str(repository / ".venv/bin/python"), str(QUESTIONS), PACKAGE, str(folder)]
    variables = {**os.environ, **_variables(folder)}
    subprocess.run(command, cwd=repository, env=variables, check=True, capture_output=True)
    return {kind: folder / f"{kind}.jsonl" for kind in KINDS}


@contextlib.contextmanager
def _start(way: Way, repository: Path, folder: Path, asked: dict[str, Path]) -> Iterator[Service]:
    home = folder / way.title.replace(" ", "-").replace(",", "")
    home.mkdir()
    program, *options = way.command
    with started(
        way.title,
        [str(repository / ".venv/bin" / program), *options, "--port", "{port}"],
        repository,
        {**_variables(folder), "BENTOML_HOME": str(home)},
        home / "log.txt",
        way.routes["rows"],
        _first(asked["rows"]),
    ) as service:
        yield service


def _answers(services: Sequence[tuple[Way, Service]], asked: dict[str, Path]) -> int:
    """In how many questions the answers differ: in none, or they are no peers."""
    differing = 0
    for kind, path in asked.items():
        for question in path.read_text("utf-8").splitlines()[:50]:
            values = {
                _value(service.answer(way.routes[kind], question)) for way, service in services
            }
            differing += len(values) > 1
    return differing


def _value(answer: Any) -> float:
    return float(answer["predictions"][0]["prediction"])


def _first(path: Path) -> str:
    return path.read_text("utf-8").splitlines()[0]
