"""Point-in-time training sets: the family's feature stores beside Feast's own and `merge_asof`.

Every way reads the same Parquet files and answers the same question, in a process of its own and in
the environment of a rendered training repository. A table of replicas holds every entity several
times under other keys.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from families import SPEC, call, environment, render, table, verdict

WORKER = Path(__file__).with_name("joins_worker.py")
REPLICAS = (1, 5)
MOST_SECONDS = 900
MOST_BYTES = 12 * 2**30  # a way that needs more is stopped, not the machine
TWICE = 2.0  # the time of `merge_asof` that is allowed
PORT = "technology"
MERGE_ASOF = "pandas `merge_asof`"
NO_MEMORY = ("MemoryError", "Out of Memory", "OutOfMemory", "bad_alloc", "allocate", "malloc")


@dataclass(frozen=True)
class Way:
    """A way to answer, and the repository in whose environment it runs."""

    title: str
    name: str
    repository: Path


def measure(state: Path) -> dict[str, Any]:
    """Figures by number of replicas and way; needs the feature views of a family that was run."""
    with tempfile.TemporaryDirectory(prefix="ninefold-bench-") as folder:
        ways = list(_ways(Path(folder)))
        figures = {
            str(replicas): {way.title: _measure(way, state, replicas, Path(folder)) for way in ways}
            for replicas in REPLICAS
        }
    return {"limit_bytes": MOST_BYTES, "limit_seconds": MOST_SECONDS, "figures": figures}


def report(document: Mapping[str, Any]) -> str:
    """One row for each way, for each number of replicas."""
    rows = [row for found in document["figures"].values() for row in _rows(found)]
    return table("point-in-time training set | rows | seconds | to merge_asof | peak MB", rows)


def goals(document: Mapping[str, Any]) -> list[list[str]]:
    """The goal beside the figures of each technology, for every number of replicas."""
    every = document["figures"].values()
    ports = [title for title in next(iter(every)) if title.startswith(PORT)]
    rows = []
    for title in ports:
        ratios = [_ratio(found[title], found[MERGE_ASOF]) for found in every]
        shown = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        found = verdict(f"{shown} times", met=all(ratio <= TWICE for ratio in ratios))
        rows.append([f"training set beside `merge_asof`, {title}", "at most twice its time", found])
    return rows


def _ratio(figures: Mapping[str, Any], peer: Mapping[str, Any]) -> float:
    """Its time to the peer's; not a number where one of them was stopped."""
    ours, theirs = (float(one.get("seconds", "nan")) for one in (figures, peer))
    return ours / theirs


def _ways(folder: Path) -> Iterator[Way]:
    store = yaml.safe_load(SPEC.read_text("utf-8"))["technologies"]["feature_store"]
    for name in sorted({store, "feast", "duckdb"}):
        family = render(folder / name, {"feature_store": name}, only=("training",))
        repository = family / "flight-delays-training"
        call(["make", "setup"], repository)
        yield Way(f"{PORT} `{name}`", "port", repository)
        if name == "feast":
            yield Way("Feast's own DuckDB store", "feast", repository)
            yield Way(MERGE_ASOF, "merge_asof", repository)


def _rows(found: Mapping[str, Any]) -> list[list[str]]:
    rows = []
    for title, figures in found.items():
        if "stopped" in figures:
            rows.append([title, "", str(figures["stopped"]), "", ""])
            continue
        rows.append(
            [
                title,
                f"{figures['rows']:,}",
                f"{figures['seconds']:.1f}",
                f"{_ratio(figures, found[MERGE_ASOF]):.2f}",
                f"{figures['peak_bytes'] / 1e6:,.0f}",
            ]
        )
    answers = {figures["answer"] for figures in found.values() if "answer" in figures}
    rows.append(["the answers", "", "are equal" if len(answers) == 1 else "DIFFER", "", ""])
    return rows


def _measure(way: Way, state: Path, replicas: int, folder: Path) -> dict[str, Any]:
    replicated = folder / f"replicas-{replicas}"
    options = ["--way", way.name, "--state", str(state), "--replicas", str(replicas)]
    command = ["uv", "run", "--frozen", "python", str(WORKER), *options, "--at", str(replicated)]
    try:
        done = subprocess.run(
            ["sh", "-c", f'ulimit -d {MOST_BYTES // 1024}; exec "$@"', "sh", *command],
            cwd=way.repository,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"stopped": f"stopped after {MOST_SECONDS} s"}
    if done.returncode != 0:
        said = done.stderr.strip()
        if done.returncode < 0 or any(words in said for words in NO_MEMORY):
            return {"stopped": f"out of memory at {MOST_BYTES / 2**30:.0f} GiB"}
        return {"stopped": f"failed: {(said.splitlines() or ['no message'])[-1][:80]}"}
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures
