"""A pull request's pipeline, as act executes it: with nothing kept of earlier runs, then with it.

The service's own queues and machines are not in it; advisories come from a played server. Both runs
are of one commit in one repository, each job in a fresh copy; images are built without layers of
earlier builds, as on a new machine.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from families import table, verdict
from machine import ROOT

sys.path[:0] = [str(ROOT / "tests" / name) for name in ("pipelines", "rendered", "kubernetes")]
sys.path[:0] = [str(ROOT / "tests")]

ROLE = "serving"
# A developer who waits longer does something else meanwhile.
GOAL = 300.0


def measure() -> dict[str, Any]:
    """Seconds of each command, without and with uv's cache."""
    import registry
    from desk import desk
    from runners import Machine

    from bed import builder
    from dialects import DIALECTS, repository
    from rendering import flight_family

    if os.geteuid() != 0:
        raise SystemExit("error: images are built by root only")
    builder.prepare()
    builder.base()
    name = "github-actions"
    source = repository(flight_family(), name, ROLE)
    jobs = DIALECTS[name].jobs(source)
    with tempfile.TemporaryDirectory(prefix="ninefold-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        for part in ("registry", "machine", "uv"):
            (folder / part).mkdir()
        here = desk(source, folder)
        # Only what it says about engines: nothing is pushed.
        engine = registry.Registry(0, folder / "registry")
        engine.authority.create()
        variables = {
            **engine.settings(),
            "BUILDAH_LAYERS": "false",
            "UV_CACHE_DIR": str(folder / "uv"),
        }
        machine = Machine(folder / "machine", variables)
        runs = {way: _run(here.folder, machine) for way in ("cold", "warm")}
    return {
        "goal": GOAL,
        "role": ROLE,
        "needs": {title: sorted(job.needs) for title, job in jobs.items()},
        "runs": runs,
    }


def _run(repository: Path, machine: Any) -> list[dict[str, Any]]:
    import advisories
    import runners

    titles = runners.titles(repository)
    with advisories.running() as known:
        settings = {"ADVISORIES": known.url}
        event = runners.Event("pull_request", branch="change", settings=settings)
        run = runners.github(repository, event, machine, "benchmark.log")
    if run.code:
        raise SystemExit(f"error: the pipeline failed\n{run.end}")
    return [
        {"job": titles[one.job], "command": one.command, "seconds": one.ended - one.began}
        for one in run.steps
    ]


def report(document: Mapping[str, Any]) -> str:
    """One row for each command, then the path that a developer waits for."""
    cold, warm = document["runs"]["cold"], document["runs"]["warm"]
    # Jobs that do not wait for each other come in either order.
    second = {(one["job"], one["command"]): one["seconds"] for one in warm}
    rows = [
        [
            f"{one['job']}: `{one['command']}`",
            f"{one['seconds']:.1f}",
            f"{second[one['job'], one['command']]:.1f}",
        ]
        for one in cold
    ]
    rows.append(["sum of all jobs", *(f"{sum(_jobs(one).values()):.1f}" for one in (cold, warm))])
    paths = [_path(document["needs"], one) for one in (cold, warm)]
    rows.append(["**critical path**", *(f"**{one:.1f}**" for one in paths)])
    rows.append(["critical path beside the warm one", f"{paths[0] / paths[1]:.2f}", "1"])
    return table(f"pull request, {document['role']} | s, nothing kept | s, environment kept", rows)


def goals(document: Mapping[str, Any]) -> list[list[str]]:
    """Its goal beside the figure."""
    path = _path(document["needs"], document["runs"]["warm"])
    minutes, seconds = divmod(round(path), 60)
    found = verdict(f"{minutes}:{seconds:02} minutes", met=path < document["goal"])
    return [["pull request to a built image, warm", "under 5 minutes", found]]


def _jobs(steps: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds of each job."""
    found: dict[str, float] = {}
    for one in steps:
        found[one["job"]] = found.get(one["job"], 0.0) + one["seconds"]
    return found


def _path(needs: Mapping[str, list[str]], steps: list[dict[str, Any]]) -> float:
    """The longest chain of jobs that wait for each other."""
    seconds = _jobs(steps)
    ends: dict[str, float] = {}
    for title in needs:  # those that come before stand before
        if title in seconds:
            ends[title] = seconds[title] + max(
                (ends.get(one, 0) for one in needs[title]), default=0
            )
    return max(ends.values())
