"""The loop: sets up the repositories, runs the pipeline's steps in order and says how it went."""

import argparse
import json
import os
import shutil
import sys
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from . import orchestration
from .children import Children
from .documents import memory_text, read_json
from .family import folder_of, is_set_up, locked, present_roles, set_up, uv
from .faults import Fault
from .pipeline import PIPELINE, LoopStep, in_roles, with_dependants
from .prediction import prediction_text
from .settings import PREFIX, Settings


@dataclass
class Outcome:
    """How a step ended."""

    step: str
    status: str = "not run"  # ran | nothing changed | failed | stopped | not in this family
    seconds: float | None = None
    peak_memory_bytes: int | None = None
    attempts: int = 0


class Loop:
    """One run of the pipeline in one environment."""

    def __init__(
        self,
        settings: Settings,
        steps: Sequence[LoopStep],
        *,
        run_id: str,
        forced: Collection[str],
        children: Children,
    ) -> None:
        self.id = run_id
        self.outcomes = {step.name: Outcome(step.name) for step in steps}
        self._settings = settings
        self._forced = forced
        self._children = children
        self._places = {step.name: place for place, step in enumerate(steps, 1)}
        self._environment = {
            f"{PREFIX}_ENVIRONMENT": settings.environment,
            f"{PREFIX}_STATE": str(settings.state),
        }

    def command(self, step: LoopStep) -> bool:
        """Run a step once; True when it succeeded."""
        outcome = self.outcomes[step.name]
        outcome.attempts += 1
        again = f" (attempt {outcome.attempts})" if outcome.attempts > 1 else ""
        self.say(step, f"{step.summary}{again}")
        started = time.monotonic()
        outcome.status = "stopped"
        code = self._children.run(
            [uv(), "run", "--frozen", *step.command, "--parent", self.id, *self._force(step)],
            folder=folder_of(step.repository),
            environment=self._environment,
            show=lambda line: print(f"{step.name:>20} | {line}", flush=True),
        )
        outcome.seconds = time.monotonic() - started
        outcome.status = "failed" if code else self._read_record(step, outcome)
        self.say(step, self._ending(outcome, code))
        return code == 0

    def say(self, step: LoopStep, text: str) -> None:
        """Show progress under the step's number and name."""
        place = f"{self._places[step.name]:>2}/{len(self._places)}"
        print(f"[{place}] {step.name:<12} {text}", flush=True)

    def _force(self, step: LoopStep) -> tuple[str, ...]:
        return ("--force",) if step.name in self._forced else ()

    def _read_record(self, step: LoopStep, outcome: Outcome) -> str:
        """Whether it ran, and how much memory it took, as its run record tells."""
        record = read_json(self._settings.state / "runs" / step.name / "latest.json")
        if record.get("parent") != self.id:
            return "nothing changed"
        outcome.peak_memory_bytes = record.get("peak_memory_bytes")
        return "ran"

    def _ending(self, outcome: Outcome, code: int) -> str:
        seconds = f"{outcome.seconds:.1f} s"
        if outcome.status == "failed":
            how = f"ended by signal {-code}" if code < 0 else f"exit status {code}"
            return f"FAILED after {seconds}, {how}"
        if outcome.peak_memory_bytes:
            return f"{outcome.status}, {seconds}, {memory_text(outcome.peak_memory_bytes)}"
        return f"{outcome.status}, {seconds}"


def main(settings: Settings, arguments: Sequence[str]) -> int:
    """Run the loop; 0 when every step is done, 1 when one failed."""
    options = _parser().parse_args(arguments)
    if settings.target != "local":
        raise Fault(
            f"environment {settings.environment} has the target {settings.target}: this command "
            f"runs the loop on this machine only; choose one whose target is local"
        )
    roles = present_roles(PIPELINE)
    steps = in_roles(PIPELINE, roles)
    forced = _forced(steps, options.from_step)
    _check_tools()
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    with locked(settings.state) as lock, Children(run_id, lock=lock) as children:
        started = time.monotonic()
        _set_up(steps, children)
        loop = Loop(settings, steps, run_id=run_id, forced=forced, children=children)
        try:
            orchestration.run(settings, steps, loop.command)
        finally:
            outcomes = _all_outcomes(loop.outcomes)
            _write(settings.state / "loop.json", run_id, outcomes)
            print(summary_text(outcomes, time.monotonic() - started), flush=True)
    return _end(settings, loop.outcomes.values())


def _end(settings: Settings, outcomes: Collection[Outcome]) -> int:
    if any(outcome.status in ("failed", "not run") for outcome in outcomes):
        failed = ", ".join(outcome.step for outcome in outcomes if outcome.status == "failed")
        raise Fault(
            f"failed: {failed or 'nothing, but some steps did not run'}; the lines above say why; "
            "mend it and run again: what is done stays done"
        )
    text = prediction_text(settings)
    if text:
        print(text)
    report = settings.state / "report.html"
    if report.is_file():
        print(f"Report: {report}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="flight-delays-product loop",
        description="Run the whole loop; what is unchanged is skipped.",
    )
    parser.add_argument(
        "--from",
        dest="from_step",
        metavar="STEP",
        help="run this step and all that depends on it even if nothing changed",
    )
    return parser


def _forced(steps: Sequence[LoopStep], name: str | None) -> frozenset[str]:
    if name is None:
        return frozenset()
    names = [step.name for step in steps]
    if name not in names:
        raise Fault(f"there is no step {name!r} to start from; choose one of: {', '.join(names)}")
    return with_dependants(steps, name)


def _check_tools() -> None:
    if shutil.which(uv()) is None:
        raise Fault("uv is missing; install it: python3 -m pip install uv")
    if shutil.which("make") is None:
        raise Fault("make is missing; install it with this system's package manager")


def _set_up(steps: Sequence[LoopStep], children: Children) -> None:
    repositories = dict.fromkeys(step.repository for step in steps)
    missing = [repository for repository in repositories if not is_set_up(repository)]
    for place, repository in enumerate(missing, 1):
        name = f"[{place}/{len(missing)}] setup {repository}"
        print(f"{name}: installing its environment", flush=True)
        started = time.monotonic()
        set_up(repository, children, lambda line: print(f"{'setup':>20} | {line}", flush=True))
        print(f"{name}: done, {time.monotonic() - started:.1f} s", flush=True)


def _all_outcomes(known: Mapping[str, Outcome]) -> list[Outcome]:
    return [
        known.get(step.name, Outcome(step.name, status="not in this family")) for step in PIPELINE
    ]


def summary_text(outcomes: Sequence[Outcome], seconds: float) -> str:
    """The table at the end of a run."""
    lines = ["", f"{'step':<14}{'status':<20}{'seconds':>9}{'peak memory':>14}"]
    for outcome in outcomes:
        took = "" if outcome.seconds is None else f"{outcome.seconds:.1f}"
        memory = memory_text(outcome.peak_memory_bytes) if outcome.peak_memory_bytes else ""
        lines.append(f"{outcome.step:<14}{outcome.status:<20}{took:>9}{memory:>14}".rstrip())
    return "\n".join([*lines, f"{'all':<34}{seconds:>9.1f}", ""])


def _write(path: Path, run_id: str, outcomes: Sequence[Outcome]) -> None:
    document = {"id": run_id, "steps": [asdict(outcome) for outcome in outcomes]}
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    partial.replace(path)


if __name__ == "__main__":
    sys.exit("start it as: flight-delays-product loop")
