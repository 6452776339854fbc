"""The steps of this repository with what they read, write and depend on."""

from collections.abc import Mapping
from typing import Final

from . import rounds
from .plan import BETTER_BY, COMPARED, CONFIDENCE, METRIC, SEARCH_AGAIN, SEED, TRIALS
from .run_record import Step
from .settings import Settings

COMMANDS: Final[Mapping[str, str]] = {
    "promote": "hotel_bookings_training.promotion:promote",
    "publish": "hotel_bookings_training.register:publish",
    "rewind": "hotel_bookings_training.promotion:rewind",
}


def steps(settings: Settings) -> tuple[Step, ...]:
    """In the order of the pipeline; everything else that changes a result is code."""
    if settings.round is not None:
        return _round_steps(settings)
    training = settings.state / "training"
    dataset, model = training / "dataset", training / "model"
    evaluation = training / "evaluation.json"
    return (
        Step(
            name="dataset",
            summary="Point-in-time training set, split by time",
            call="hotel_bookings_training.dataset:run",
            inputs=(settings.state / "features",),
            outputs=(dataset,),
        ),
        Step(
            name="train",
            summary="Search the parameters and fit the model",
            call="hotel_bookings_training.train:run",
            inputs=(dataset,),
            outputs=(model, training / "search.json"),
            parameters={"trials": TRIALS, "metric": METRIC},
            seed=SEED,
        ),
        Step(
            name="evaluate",
            summary="Measure the model beside its baseline",
            call="hotel_bookings_training.evaluate:run",
            inputs=(dataset, model),
            outputs=(evaluation,),
            parameters={"metric": METRIC},
            seed=SEED,
        ),
        Step(
            name="register",
            summary="Register the model and promote it if it is accepted",
            call="hotel_bookings_training.register:run",
            inputs=(model, evaluation),
            outputs=(training / "registration.json",),
        ),
    )


def _round_steps(settings: Settings) -> tuple[Step, ...]:
    """The steps of a round: the same functions over other windows, in the round's own folder."""
    place, part = rounds.folder(settings), rounds.current(settings).part
    champion, challenger = rounds.reference(settings), place / "challenger"
    retrained = place / "retrain.json"
    dossier = tuple(
        challenger / name for name in ("dataset", "model", "search.json", "evaluation.json")
    )
    return (
        Step(
            name="retrain",
            summary="Train a challenger if the round asks for one",
            call="hotel_bookings_training.retrain:run",
            inputs=(settings.state / "features", place / "watch.json", champion / "search.json"),
            outputs=(retrained, *dossier),
            parameters={
                "trials": TRIALS,
                "metric": METRIC,
                "window": COMPARED.total_seconds(),
                "search_again": SEARCH_AGAIN,
            },
            seed=SEED,
            part=part,
        ),
        Step(
            name="compare",
            summary="Promote the challenger or refuse it",
            call="hotel_bookings_training.compare:run",
            inputs=(
                retrained,
                champion / "registration.json",
                # Absent where the round asked for no challenger.
                *(path for path in dossier if path.exists()),
            ),
            outputs=(place / "comparison.json", challenger / "registration.json"),
            parameters={"metric": METRIC, "better_by": BETTER_BY, "confidence": CONFIDENCE},
            seed=SEED,
            part=part,
        ),
    )
