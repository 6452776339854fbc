"""The loop of flight-delays: its steps, which repository runs each, and what each needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True)
class LoopStep:
    """One step: a command of one repository, started when the steps that it needs are done."""

    name: str
    role: str
    repository: str
    needs: tuple[str, ...]
    retries: int  # how often it is tried again after a failure
    summary: str

    @property
    def command(self) -> tuple[str, ...]:
        """The words that run it in its repository's folder, after `uv run --frozen`."""
        return (self.repository, self.name)


PIPELINE: Final = (
    LoopStep(
        name="ingest",
        role="data-engineering",
        repository="flight-delays-data-engineering",
        needs=(),
        retries=0,
        summary="Validate the raw data",
    ),
    LoopStep(
        name="features",
        role="data-engineering",
        repository="flight-delays-data-engineering",
        needs=("ingest",),
        retries=0,
        summary="Compute the feature views",
    ),
    LoopStep(
        name="materialise",
        role="data-engineering",
        repository="flight-delays-data-engineering",
        needs=("features",),
        retries=1,
        summary="Fill the online store",
    ),
    LoopStep(
        name="dataset",
        role="training",
        repository="flight-delays-training",
        needs=("materialise",),
        retries=0,
        summary="Build the training set",
    ),
    LoopStep(
        name="train",
        role="training",
        repository="flight-delays-training",
        needs=("dataset",),
        retries=1,
        summary="Search and train",
    ),
    LoopStep(
        name="evaluate",
        role="training",
        repository="flight-delays-training",
        needs=("train",),
        retries=0,
        summary="Evaluate against the baseline",
    ),
    LoopStep(
        name="register",
        role="training",
        repository="flight-delays-training",
        needs=("evaluate",),
        retries=1,
        summary="Register the model",
    ),
    LoopStep(
        name="score",
        role="serving",
        repository="flight-delays-serving",
        needs=("register", "materialise"),
        retries=0,
        summary="Score in batch",
    ),
    LoopStep(
        name="probe",
        role="serving",
        repository="flight-delays-serving",
        needs=("score",),
        retries=1,
        summary="Serve and predict",
    ),
    LoopStep(
        name="drift",
        role="monitoring",
        repository="flight-delays-monitoring",
        needs=("dataset", "train", "score"),
        retries=0,
        summary="Measure drift",
    ),
    LoopStep(
        name="trace",
        role="data-engineering",
        repository="flight-delays-data-engineering",
        needs=("probe",),
        retries=0,
        summary="Trace the prediction to raw rows",
    ),
    LoopStep(
        name="report",
        role="product",
        repository="flight-delays-product",
        needs=("trace", "drift"),
        retries=0,
        summary="Write the report",
    ),
)


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
