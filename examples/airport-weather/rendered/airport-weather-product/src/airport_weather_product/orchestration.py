"""Orchestration by Luigi: its own scheduler in this process, no daemon, one step at a time.

Luigi decides what may run and how often it is tried; what a step does is the callback's matter.
"""

from collections.abc import Callable, Sequence
from typing import Final

import luigi
from luigi.scheduler import Scheduler
from luigi.worker import Worker

from .pipeline import LoopStep
from .settings import Settings

WAIT: Final = 0.1  # seconds between a failure and the next attempt


def run(settings: Settings, steps: Sequence[LoopStep], command: Callable[[LoopStep], bool]) -> None:
    """Call `command` for each step, in the order of `steps`, once all that it needs has succeeded.

    A step that answers False is tried again as often as it allows; then nothing that depends on
    it is started, and everything else still is. Ctrl-C passes through.
    """
    tasks = _tasks(steps, command)
    luigi.build(  # type: ignore[no-untyped-call]
        tasks,
        worker_scheduler_factory=_Factory(),
        local_scheduler=True,
        log_level="CRITICAL",
    )


def _tasks(steps: Sequence[LoopStep], command: Callable[[LoopStep], bool]) -> list[luigi.Task]:
    by_name = {step.name: step for step in steps}
    places = {step.name: place for place, step in enumerate(steps)}
    done: set[str] = set()

    class LoopTask(luigi.Task):
        """A step of the loop as a task; it is complete once it succeeded in this very run."""

        step = luigi.Parameter()
        # No failure is ever forgotten, however long the attempts take.
        disable_window_seconds = 10**9

        @property
        def priority(self) -> int:  # type: ignore[override]
            return len(places) - places[self.step]

        @property
        def retry_count(self) -> int:
            return by_name[self.step].retries + 1

        def requires(self) -> list[luigi.Task]:
            needs = by_name[self.step].needs
            return [LoopTask(step=need) for need in needs]  # type: ignore[no-untyped-call]

        def complete(self) -> bool:
            return self.step in done

        def run(self) -> None:
            if not command(by_name[self.step]):
                raise RuntimeError(f"step {self.step} failed")
            done.add(self.step)

    return [LoopTask(step=step.name) for step in steps]  # type: ignore[no-untyped-call]


class _Factory:
    """Luigi's scheduler and worker as this loop wants them."""

    def create_local_scheduler(self) -> Scheduler:
        return Scheduler(  # type: ignore[no-untyped-call]
            prune_on_get_work=True,
            record_task_history=False,
            retry_delay=WAIT,
        )

    def create_remote_scheduler(self, url: str) -> Scheduler:
        raise NotImplementedError(f"this loop has no scheduler elsewhere ({url})")

    def create_worker(
        self, scheduler: Scheduler, worker_processes: int, assistant: bool = False
    ) -> Worker:
        # Kept alive as long as a step may still be tried again.
        return Worker(  # type: ignore[no-untyped-call]
            scheduler=scheduler,
            worker_processes=1,
            assistant=assistant,
            keep_alive=True,
            wait_interval=WAIT,
            wait_jitter=0,
        )
