"""The loop of hotel-bookings: its steps, which repository runs each, and what each needs.

`PIPELINE` leads from raw data to the first model in service; `ROUND` is what follows it, again and
again: traffic, monitoring, retraining, comparison.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .rounds import Round


@dataclass(frozen=True)
class LoopStep:
    """One step: a command of one repository, started when the steps that it needs are done."""

    name: str
    role: str
    repository: str
    needs: tuple[str, ...]
    retries: int  # how often it is tried again after a failure
    summary: str
    round: Round | None = None

    @property
    def step(self) -> str:
        """Its name in its repository: `watch@2` is the step `watch` of the second round."""
        return self.name.partition("@")[0]

    @property
    def command(self) -> tuple[str, ...]:
        """The words that run it in its repository's folder, after `uv run --frozen`."""
        interval = ("--round", str(self.round)) if self.round else ()
        return (self.repository, self.step, *interval)

    @property
    def record(self) -> str:
        """Its last run record, relative to the state folder."""
        part = f"/{self.round.part}" if self.round else ""
        return f"runs/{self.step}{part}/latest.json"


PIPELINE: Final = (
    LoopStep(
        name="ingest",
        role="data-engineering",
        repository="hotel-bookings-data-engineering",
        needs=(),
        retries=0,
        summary="Validate the raw data",
    ),
    LoopStep(
        name="features",
        role="data-engineering",
        repository="hotel-bookings-data-engineering",
        needs=("ingest",),
        retries=0,
        summary="Compute the feature views",
    ),
    LoopStep(
        name="materialise",
        role="data-engineering",
        repository="hotel-bookings-data-engineering",
        needs=("features",),
        retries=1,
        summary="Fill the online store",
    ),
    LoopStep(
        name="dataset",
        role="training",
        repository="hotel-bookings-training",
        needs=("materialise",),
        retries=0,
        summary="Build the training set",
    ),
    LoopStep(
        name="train",
        role="training",
        repository="hotel-bookings-training",
        needs=("dataset",),
        retries=1,
        summary="Search and train",
    ),
    LoopStep(
        name="evaluate",
        role="training",
        repository="hotel-bookings-training",
        needs=("train",),
        retries=0,
        summary="Evaluate against the baseline",
    ),
    LoopStep(
        name="register",
        role="training",
        repository="hotel-bookings-training",
        needs=("evaluate",),
        retries=1,
        summary="Register the model",
    ),
    LoopStep(
        name="score",
        role="serving",
        repository="hotel-bookings-serving",
        needs=("register", "materialise"),
        retries=0,
        summary="Score in batch",
    ),
    LoopStep(
        name="probe",
        role="serving",
        repository="hotel-bookings-serving",
        needs=("score",),
        retries=1,
        summary="Serve and predict",
    ),
    LoopStep(
        name="drift",
        role="monitoring",
        repository="hotel-bookings-monitoring",
        needs=("dataset", "train", "score"),
        retries=0,
        summary="Measure drift",
    ),
    LoopStep(
        name="trace",
        role="data-engineering",
        repository="hotel-bookings-data-engineering",
        needs=("probe",),
        retries=0,
        summary="Trace the prediction to raw rows",
    ),
    LoopStep(
        name="report",
        role="product",
        repository="hotel-bookings-product",
        needs=("trace", "drift"),
        retries=0,
        summary="Write the report",
    ),
)

ROUND: Final = (
    LoopStep(
        name="traffic",
        role="serving",
        repository="hotel-bookings-serving",
        needs=(),
        retries=1,
        summary="Serve the round's requests",
    ),
    LoopStep(
        name="watch",
        role="monitoring",
        repository="hotel-bookings-monitoring",
        needs=("traffic",),
        retries=0,
        summary="Measure quality and drift",
    ),
    LoopStep(
        name="retrain",
        role="training",
        repository="hotel-bookings-training",
        needs=("watch",),
        retries=1,
        summary="Train a challenger if needed",
    ),
    LoopStep(
        name="compare",
        role="training",
        repository="hotel-bookings-training",
        needs=("retrain",),
        retries=1,
        summary="Promote or refuse it",
    ),
    LoopStep(
        name="follow",
        role="serving",
        repository="hotel-bookings-serving",
        needs=("compare",),
        retries=1,
        summary="See the service follow",
    ),
    LoopStep(
        name="report",
        role="product",
        repository="hotel-bookings-product",
        needs=("follow",),
        retries=0,
        summary="Write the report",
    ),
)
LAST: Final = "report"  # written once, after the last round


def with_rounds(rounds: Sequence[Round], first: int = 1) -> tuple[LoopStep, ...]:
    """The pipeline and the rounds after it, numbered from `first`, each after the one before."""
    if not rounds:
        return PIPELINE
    steps = [step for step in PIPELINE if step.name != LAST]
    for number, one in enumerate(rounds, first):
        last = number == first + len(rounds) - 1
        ends = tuple(_ends(steps))
        steps += [
            replace(
                step,
                name=f"{step.name}@{number}",
                needs=tuple(f"{need}@{number}" for need in step.needs) or ends,
                round=one,
            )
            for step in ROUND
            if last or step.name != LAST
        ]
    return tuple(steps)


def _ends(steps: Sequence[LoopStep]) -> list[str]:
    """The steps that no other one needs."""
    needed = {need for step in steps for need in step.needs}
    return [step.name for step in steps if step.name not in needed]


def in_roles(steps: Sequence[LoopStep], roles: Collection[str]) -> tuple[LoopStep, ...]:
    """The steps of these roles; one that needs an absent step needs what that one needed."""
    by_name = {step.name: step for step in steps}
    return tuple(
        replace(step, needs=_present_needs(step, by_name, roles))
        for step in steps
        if step.role in roles
    )


def _present_needs(
    step: LoopStep, by_name: Mapping[str, LoopStep], roles: Collection[str]
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in step.needs:
        need = by_name[name]
        names = (name,) if need.role in roles else _present_needs(need, by_name, roles)
        found.update(dict.fromkeys(names))
    return tuple(found)


def with_dependants(steps: Sequence[LoopStep], name: str) -> frozenset[str]:
    """A step and all that depends on it; `steps` are in an order in which they can run."""
    found = {name}
    for step in steps:
        if found.intersection(step.needs):
            found.add(step.name)
    return frozenset(found)
