"""The steps of this repository with what they read, write and depend on."""

from collections.abc import Mapping
from typing import Final

from .plan import METRIC, SEED, TRIALS
from .run_record import Step
from .settings import Settings

COMMANDS: Final[Mapping[str, str]] = {
    "publish": "flight_delays_training.register:publish",
}


def steps(settings: Settings) -> tuple[Step, ...]:
    """In the order of the pipeline; everything else that changes a result is code."""
    training = settings.state / "training"
    dataset, model = training / "dataset", training / "model"
    evaluation = training / "evaluation.json"
    return (
        Step(
            name="dataset",
            summary="Point-in-time training set, split by time",
            call="flight_delays_training.dataset:run",
            inputs=(settings.state / "features",),
            outputs=(dataset,),
        ),
        Step(
            name="train",
            summary="Search the parameters and fit the model",
            call="flight_delays_training.train:run",
            inputs=(dataset,),
            outputs=(model, training / "search.json"),
            parameters={"trials": TRIALS, "metric": METRIC},
            seed=SEED,
        ),
        Step(
            name="evaluate",
            summary="Measure the model beside its baseline",
            call="flight_delays_training.evaluate:run",
            inputs=(dataset, model),
            outputs=(evaluation,),
            parameters={"metric": METRIC},
            seed=SEED,
        ),
        Step(
            name="register",
            summary="Register the model and promote it if it is accepted",
            call="flight_delays_training.register:run",
            inputs=(model, evaluation),
            outputs=(training / "registration.json",),
        ),
    )
