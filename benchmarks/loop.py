"""The demo as a newcomer runs it: a clone and `make demo`; from nothing, then warm.

From nothing means: no uv, no package in uv's or pip's cache; the package index must be reachable.
That run ends with the first served prediction. The second one has the packages of the first in its
cache and goes to the end. Both begin with a fresh clone of the commit that is checked out.
"""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from families import table, verdict
from machine import ROOT
from memory import Sampler

FAMILY = ROOT / "build" / "benchmarks" / "flight-delays"
FIRST_PREDICTION = "probe"  # the step that asks the service and compares with the batch scores
SET_UP = re.compile(r"\[\d+/\d+\] setup (\S+): done")
STEP = re.compile(r"\[ *\d+/\d+\] (\S+) +(ran|nothing changed|FAILED)")
GOALS = {"first_prediction": 120.0, "whole": 300.0, "peak": 4 * 2**30}


@dataclass
class Timeline:
    """What ended when."""

    started: float
    ends: list[tuple[str, float]] = field(default_factory=list)

    def end(self, name: str) -> None:
        """Something ended now."""
        self.ends.append((name, time.monotonic()))

    def rows(self, sampler: Sampler) -> list[dict[str, Any]]:
        """Seconds and peak memory of each part; parts follow one another."""
        found = []
        before = self.started
        for name, end in self.ends:
            found.append(
                {"part": name, "seconds": end - before, "peak_bytes": sampler.peak(before, end)}
            )
            before = end
        return found


def measure() -> dict[str, Any]:
    """Both runs; leaves the family of the second for the other benchmarks."""
    shutil.rmtree(FAMILY, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="ninefold-bench-", dir=_parent()) as name:
        folder = Path(name)
        return {
            "goals": GOALS,
            "nothing": _demo(folder / "first", folder, folder / "family", whole=False),
            "warm": _demo(folder / "second", folder, FAMILY, whole=True),
        }


def report(document: Mapping[str, Any]) -> str:
    """One table with a column for each run."""
    nothing = {row["part"]: row for row in document["nothing"]["parts"]}
    rows = []
    for row in document["warm"]["parts"]:
        first = nothing.get(row["part"])
        rows.append(
            [
                row["part"],
                f"{first['seconds']:.1f}" if first else "",
                f"{row['seconds']:.1f}",
                f"{row['peak_bytes'] / 1e6:,.0f}",
            ]
        )
    for title, key in (("first prediction after", "first_prediction"), ("whole demo", "whole")):
        values = [document[run].get(key) for run in ("nothing", "warm")]
        shown = [f"**{value:.1f}**" if value else "" for value in values]
        rows.append([f"**{title}**", *shown, ""])
    used = [f"{document[run]['processor_seconds']:.0f}" for run in ("nothing", "warm")]
    rows.append(["processor seconds", *used, ""])
    peak = _peak(document)
    rows.append(["**peak memory**", "", "", f"**{peak / 1e6:,.0f}**"])
    return table("part | s from nothing | s warm | peak MB, all processes", rows)


def goals(document: Mapping[str, Any]) -> list[list[str]]:
    """Each goal beside the figure of the warm run."""
    stated, warm = document["goals"], document["warm"]
    rows = [
        [title, f"under {stated[key] / 60:.0f} minutes", _within(warm[key], stated[key])]
        for title, key in (
            ("first served prediction, warm", "first_prediction"),
            ("whole demo, warm", "whole"),
        )
    ]
    peak = _peak(document)
    found = verdict(f"{peak / 2**30:.1f} GiB", met=peak < stated["peak"])
    most = f"under {stated['peak'] / 2**30:.0f} GiB"
    return [*rows, ["memory of all processes together", most, found]]


def _within(seconds: float, most: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return verdict(f"{minutes}:{rest:02} minutes", met=seconds < most)


def _peak(document: Mapping[str, Any]) -> int:
    return max(int(row["peak_bytes"]) for row in document["warm"]["parts"])


def _demo(clone: Path, folder: Path, family: Path, *, whole: bool) -> dict[str, Any]:
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Sampler() as sampler:
        variables = {**_newcomer(folder), **sampler.variables}
        timeline = Timeline(time.monotonic())
        # What `make demo` does first, by itself, so that it is seen apart.
        _run(["make", "uv"], clone, variables, timeline, stop_after="")
        timeline.end("fetching uv")
        stop_after = "" if whole else FIRST_PREDICTION
        _run(["make", "demo", f"INTO={family}"], clone, variables, timeline, stop_after)
        if whole:
            timeline.end("summary")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    first = next(end for name, end in timeline.ends if name == FIRST_PREDICTION)
    return {
        "parts": timeline.rows(sampler),
        "first_prediction": first - timeline.started,
        "whole": timeline.ends[-1][1] - timeline.started if whole else None,
        "processor_seconds": now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime,
    }


def _run(
    command: list[str],
    clone: Path,
    variables: Mapping[str, str],
    timeline: Timeline,
    stop_after: str,
) -> None:
    log = ROOT / "build" / "benchmarks" / f"{clone.name}-{command[1]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", buffering=1) as copy:
        process = subprocess.Popen(
            command,
            cwd=clone,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout
        stopped = False
        try:
            for line in process.stdout:
                copy.write(line)
                stopped = _note(line, timeline) == stop_after != "" or stopped
                if stopped:
                    os.killpg(process.pid, signal.SIGINT)
                    stop_after = ""
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            raise
        finally:
            code = process.wait()
    if code and not stopped:
        raise SystemExit(f"error: `{' '.join(command)}` failed; see {log}")


def _note(line: str, timeline: Timeline) -> str:
    """The part that ends with this line, noted; empty when none does."""
    if line.startswith("next: make"):
        timeline.end("ninefold new")
    elif found := SET_UP.match(line):
        timeline.end(f"setup {found[1]}")
    elif found := STEP.match(line):
        timeline.end(found[1])
        return found[1]
    return ""


def _newcomer(folder: Path) -> dict[str, str]:
    """The environment without uv and without ours, and with caches that begin empty."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UV_CACHE")}
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "UV"):
        kept.pop(name, None)
    places = [place for place in kept["PATH"].split(os.pathsep) if place]
    # `make bench` runs in an environment that has no pip: a newcomer's Python is not that one.
    without = [
        place
        for place in places
        if not (Path(place) / "uv").exists() and Path(place).parent != Path(sys.prefix)
    ]
    return {
        **kept,
        "PATH": os.pathsep.join(without),
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "PIP_CACHE_DIR": str(folder / "pip-cache"),
        "PYTHONUNBUFFERED": "1",
    }


def _parent() -> Path:
    """Where uv can link files from its cache: on the file system of the checkout."""
    parent = ROOT / "build" / "benchmarks"
    parent.mkdir(parents=True, exist_ok=True)
    return parent
