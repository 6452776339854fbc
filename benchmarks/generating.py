"""How long the generator takes: its help, and a family beside Copier called for each repository."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from families import SPEC, call, table, verdict
from machine import ROOT

from ninefold.names import ROLES

HELP_GOAL = 0.150
HELP_ROUNDS = 10


def measure_help() -> dict[str, Any]:
    """Seconds of each call, in turns, the first one of each left out."""
    commands = {
        "`ninefold --help`": [str(Path(sys.executable).with_name("ninefold")), "--help"],
        "`python -c pass`": [sys.executable, "-c", "pass"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(HELP_ROUNDS + 1):
        for name, command in commands.items():
            taken = _timed(partial(_quietly, command))
            if turn:
                seconds[name].append(taken)
    return {"goal": HELP_GOAL, "seconds": seconds}


def report_help(document: Mapping[str, Any]) -> str:
    """Medians and worst."""
    rows = [
        [name, f"{1000 * statistics.median(taken):.0f}", f"{1000 * max(taken):.0f}"]
        for name, taken in document["seconds"].items()
    ]
    return table("help | median ms | worst ms", rows)


def goals_help(document: Mapping[str, Any]) -> list[list[str]]:
    """Its goal beside the figure."""
    ours = statistics.median(next(iter(document["seconds"].values())))
    found = verdict(f"{1000 * ours:.0f} ms", met=ours < document["goal"])
    return [["`ninefold --help`", f"under {1000 * document['goal']:.0f} ms", found]]


def measure_new(rounds: int) -> dict[str, Any]:
    """Seconds of each way, in turns."""
    ways = {"`ninefold new`": _new, "`copier copy`, six times": _six_copies}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, work in ways.items():
            with tempfile.TemporaryDirectory(prefix="ninefold-bench-") as folder:
                taken = _timed(partial(work, Path(folder)))
            if turn:
                seconds[name].append(taken)
    return {"goal": 3, "seconds": seconds}


def report_new(document: Mapping[str, Any]) -> str:
    """Medians, and the median of the ratios."""
    rows = [
        [name, f"{statistics.median(taken):.2f}", f"{min(taken):.2f}"]
        for name, taken in document["seconds"].items()
    ]
    rows.append(["**`ninefold new` is faster by**", f"**{_gain(document):.1f}**", ""])
    return table("six repositories | median s | best s", rows)


def goals_new(document: Mapping[str, Any]) -> list[list[str]]:
    """Its goal beside the figure."""
    gain = _gain(document)
    found = verdict(f"{gain:.1f} times", met=gain >= document["goal"])
    stated = f"at least {document['goal']} times faster"
    return [["`ninefold new` beside six `copier copy`", stated, found]]


def _gain(document: Mapping[str, Any]) -> float:
    """How many times faster, the median of the turns."""
    ours, theirs = document["seconds"].values()
    gains = [float(there / here) for here, there in zip(ours, theirs, strict=True)]
    return statistics.median(gains)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _new(folder: Path) -> None:
    command = [sys.executable, "-m", "ninefold", "new", str(SPEC)]
    call([*command, "--into", str(folder / "family")], ROOT)


def _six_copies(folder: Path) -> None:
    for role in ROLES:
        fixed = ("copy", "--defaults", "--quiet", "--vcs-ref", "HEAD", "--data-file", str(SPEC))
        command = [sys.executable, "-m", "copier", *fixed, "-d", f"role={role}"]
        call([*command, str(ROOT), str(folder / role)], ROOT)
