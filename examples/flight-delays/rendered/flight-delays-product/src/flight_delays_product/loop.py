"""The loop: sets up the repositories, runs the pipeline's steps in order and says how it went."""

import argparse
import json
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from . import orchestration
from .children import Children
from .companions import Companions
from .documents import memory_text, read_json
from .family import folder_of, is_set_up, locked, present_roles, setting_up, uv
from .faults import Fault
from .pipeline import PIPELINE, ROUND, LoopStep, in_roles, with_dependants, with_rounds
from .prediction import prediction_text
from .rounds import Round
from .schedule import (
    ask_by_hand,
    by_hand,
    finished,
    forget,
    forget_decisions,
    interval_of,
    promoted_from,
    rounds_of,
    stale,
)
from .schedule import outcomes as outcomes_text
from .settings import PREFIX, Settings
from .warmup import Warmup

UNCHANGED: Final = 3  # exit status of --dry-run
SERVED: Final = frozenset({"probe", "traffic", "follow"})  # steps that ask the service
# Steps whose results follow from who was champion when their round began.
JUDGING: Final = frozenset({"traffic", "watch", "retrain", "compare"})
BEFORE_SERVICE: Final = "evaluate"  # the step before the model is registered


@dataclass
class Outcome:
    """How a step ended."""

    step: str
    status: str = "not run"  # ran | nothing changed | failed | stopped | not in this family
    seconds: float | None = None
    peak_memory_bytes: int | None = None
    attempts: int = 0


class Loop:
    """One run of the pipeline and its rounds in one environment."""

    def __init__(
        self,
        settings: Settings,
        steps: Sequence[LoopStep],
        *,
        run_id: str,
        forced: Collection[str],
        children: Children,
        companions: Companions,
    ) -> None:
        self.id = run_id
        self.outcomes = {step.name: Outcome(step.name) for step in steps}
        self._settings = settings
        self._forced = forced
        self._children = children
        self._companions = companions
        self._places = {step.name: place for place, step in enumerate(steps, 1)}
        self._accompanied = any(step.round for step in steps) and settings.replayed is not None

    def command(self, step: LoopStep) -> bool:
        """Run a step once; True when it succeeded."""
        outcome = self.outcomes[step.name]
        outcome.attempts += 1
        again = f" (attempt {outcome.attempts})" if outcome.attempts > 1 else ""
        self.say(step, f"{step.summary}{again}")
        started = time.monotonic()
        outcome.status = "stopped"
        code = self._run(step)
        outcome.seconds = time.monotonic() - started
        if code == UNCHANGED:
            outcome.status, code = "nothing changed", 0
        else:
            outcome.status = "failed" if code else self._read_record(step, outcome)
        self.say(step, self._ending(outcome, code))
        # The service takes its time to start; meanwhile the model is registered.
        if self._accompanied and step.name == BEFORE_SERVICE and outcome.status == "ran":
            self._companions.serve()
        return code == 0

    def _run(self, step: LoopStep) -> int:
        """The exit status of a step; `UNCHANGED` where it was only asked whether it would run."""
        served = self._accompanied and step.step in SERVED
        undone = self._undone(step)
        if (served or undone) and step.name not in self._forced:
            lines: list[str] = []
            code = self._call(step, "--dry-run", show=lines.append)
            if code == UNCHANGED:
                for line in lines:
                    self._show(step, line)
                return code
        if undone is not None:
            rewind(self._settings, undone, self._children, lambda line: self._show(step, line))
            forget_decisions(self._settings.state, undone.part)
        if served:
            self._companions.serve()
            if step.round is not None:
                self._companions.ask()
        force = ("--force",) if step.name in self._forced else ()
        return self._call(
            step, "--parent", self.id, *force, show=lambda line: self._show(step, line)
        )

    def _call(self, step: LoopStep, *options: str, show: Callable[[str], None]) -> int:
        reason = by_hand(self._settings.state, step.round) if step.round else ""
        return self._children.run(
            [uv(), "run", "--frozen", *step.command, *options],
            folder=folder_of(step.repository),
            environment={
                **environment_of(self._settings),
                **self._companions.variables,
                **({f"{PREFIX}_RETRAIN": reason} if reason else {}),
            },
            show=show,
        )

    def _undone(self, step: LoopStep) -> Round | None:
        """The round of the step, if it or a later one promoted before and would be judged anew."""
        one = step.round
        if not self._accompanied or one is None or step.step not in JUDGING:
            return None
        return one if promoted_from(self._settings.state, one.part) else None

    def _show(self, step: LoopStep, line: str) -> None:
        print(f"{step.name:>20} | {line}", flush=True)

    def say(self, step: LoopStep, text: str) -> None:
        """Show progress under the step's number and name."""
        width = len(str(len(self._places)))
        place = f"{self._places[step.name]:>{width}}/{len(self._places)}"
        print(f"[{place}] {step.name:<12} {text}", flush=True)

    def _read_record(self, step: LoopStep, outcome: Outcome) -> str:
        """Whether it ran, and how much memory it took, as its run record tells."""
        record = read_json(self._settings.state / step.record)
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
    roles = present_roles((*PIPELINE, *ROUND))
    rounds = rounds_of(settings) if roles.issuperset(step.role for step in ROUND) else ()
    # Replayed rounds have their place in history; with the wall clock they are counted.
    first = 1 if settings.replayed else len(finished(settings.state)) + 1
    every = with_rounds(rounds, first)
    steps = in_roles(every, roles)
    forced = _forced(steps, options.from_step)
    _check_tools()
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    with (
        locked(settings.state) as lock,
        Children(run_id, lock=lock) as children,
        Companions(children, _serving(settings), settings.state / "serving") as companions,
    ):
        started = time.monotonic()
        installed = _set_up(steps, children)
        _prepare(settings, rounds, options.retrain, children)
        loop = Loop(
            settings,
            steps,
            run_id=run_id,
            forced=forced,
            children=children,
            companions=companions,
        )
        try:
            with Warmup(children, installed, environment_of(settings)):
                orchestration.run(settings, steps, loop.command)
            _publish(settings, loop.outcomes.values(), children)
        finally:
            outcomes = _all_outcomes(every, loop.outcomes)
            _write(settings.state / "loop.json", run_id, outcomes)
            print(summary_text(outcomes, time.monotonic() - started), flush=True)
    return _end(settings, loop.outcomes.values(), outcomes_text(settings.state, rounds, first))


def _prepare(
    settings: Settings, rounds: Sequence[Round], reason: str | None, children: Children
) -> None:
    """Forget the rounds that history no longer has, and keep what is asked for by hand."""
    if settings.replayed is not None:
        for place in stale(settings.state, rounds):
            one = interval_of(place)
            if one is not None and promoted_from(settings.state, place.name):
                rewind(settings, one, children, lambda line: print(line, flush=True))
            forget(settings.state, place)
    if reason is not None:
        if not rounds:
            raise Fault("there is no round in which to retrain; give the environment a `replay`")
        ask_by_hand(settings.state, rounds[-1], reason)


def rewind(settings: Settings, one: Round, children: Children, show: Callable[[str], None]) -> None:
    """Give the alias back to the champion of the round's start."""
    repository = next(step.repository for step in ROUND if step.role == "training")
    code = children.run(
        [uv(), "run", "--frozen", repository, "rewind", "--round", str(one)],
        folder=folder_of(repository),
        environment=environment_of(settings),
        show=show,
    )
    if code != 0:
        raise Fault(f"`{repository} rewind --round {one}` failed; what it says above names why")


def _publish(settings: Settings, outcomes: Collection[Outcome], children: Children) -> None:
    """Hand the records of this run to the metadata store, whose steps ended before theirs."""
    repository = next(step.repository for step in PIPELINE if step.role == "training")
    if not folder_of(repository).is_dir() or all(one.status != "ran" for one in outcomes):
        return
    code = children.run(
        [uv(), "run", "--frozen", repository, "publish"],
        folder=folder_of(repository),
        environment=environment_of(settings),
        show=lambda line: print(f"{'publish':>20} | {line}", flush=True),
    )
    if code != 0:
        raise Fault(
            f"publishing the run records failed (exit status {code}); the lines above say why; "
            "mend it and run again: what is done stays done"
        )


def environment_of(settings: Settings) -> dict[str, str]:
    """What the commands of the other repositories must share with this one."""
    return {
        f"{PREFIX}_ENVIRONMENT": settings.environment,
        f"{PREFIX}_STATE": str(settings.state),
    }


def _serving(
    settings: Settings,
) -> Callable[[str], tuple[list[str], Path, Mapping[str, str]]]:
    """How a command of the serving repository is started."""
    repository = next(step.repository for step in ROUND if step.role == "serving")
    folder, environment = folder_of(repository), environment_of(settings)
    return lambda name: ([uv(), "run", "--frozen", repository, name], folder, environment)


def _end(settings: Settings, outcomes: Collection[Outcome], decided: str) -> int:
    if any(outcome.status in ("failed", "not run") for outcome in outcomes):
        failed = ", ".join(outcome.step for outcome in outcomes if outcome.status == "failed")
        raise Fault(
            f"failed: {failed or 'nothing, but some steps did not run'}; the lines above say why; "
            "mend it and run again: what is done stays done"
        )
    for text in (prediction_text(settings), f"{decided}\n" if decided else ""):
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
        help="run this step and all that depends on it even if nothing changed; "
        "watch@2 is the step watch of the second round",
    )
    parser.add_argument(
        "--retrain",
        metavar="REASON",
        help="train a challenger in the last round, whatever monitoring says",
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


def _set_up(steps: Sequence[LoopStep], children: Children) -> list[str]:
    """Install what environments are missing; their repositories, in the order of the steps."""
    repositories = dict.fromkeys(step.repository for step in steps)
    missing = [repository for repository in repositories if not is_set_up(repository)]
    names = [f"[{place}/{len(missing)}] setup {one}" for place, one in enumerate(missing, 1)]
    began = time.monotonic()
    with ExitStack() as running:
        waits = []
        for name, repository in zip(names, missing, strict=True):
            print(f"{name}: installing its environment", flush=True)
            installation = setting_up(repository, children, _shown(repository))
            waits.append(running.enter_context(installation))
        for name, wait in zip(names, waits, strict=True):
            wait()
            print(f"{name}: done, {time.monotonic() - began:.1f} s after the start", flush=True)
    return missing


def _shown(repository: str) -> Callable[[str], None]:
    """What an installation says, by its repository: several run at once."""
    return lambda line: print(f"{repository:>20} | {line}", flush=True)


def _all_outcomes(every: Sequence[LoopStep], known: Mapping[str, Outcome]) -> list[Outcome]:
    return [known.get(step.name, Outcome(step.name, status="not in this family")) for step in every]


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
    # Under the lock of the state folder, so what a kill left is written over.
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    partial.replace(path)


if __name__ == "__main__":
    sys.exit("start it as: flight-delays-product loop")
