"""The steps and commands of this repository."""

from collections.abc import Mapping
from typing import Final

from .alias import served_alias
from .rounds import Round, folder, reference
from .run_record import Step
from .settings import Settings

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "airport_weather_serving.serve:serve",
    "predict": "airport_weather_serving.client:predict",
    "heartbeat": "airport_weather_serving.heartbeat:main",
}


def steps(settings: Settings) -> tuple[Step, ...]:
    """Score in batch, then start the service and compare; with a round the round's steps."""
    if settings.round is not None:
        return _of_round(settings, settings.round)
    state = settings.state
    clock = settings.clock.isoformat()
    alias = served_alias(settings)
    return (
        Step(
            name="score",
            summary="Score in batch",
            call="airport_weather_serving.batch:run",
            inputs=(state / "features", state / "training" / "registration.json"),
            outputs=(state / "serving" / "scores.parquet", state / "serving" / "scores.json"),
            parameters={"clock": clock, "horizon": "1d", "alias": alias},
        ),
        Step(
            name="probe",
            summary="Serve and predict",
            call="airport_weather_serving.probe:run",
            inputs=(
                state / "feature_store",
                state / "serving" / "scores.parquet",
                state / "serving" / "scores.json",
            ),
            outputs=(state / "serving" / "probe.json",),
            seed=6,
        ),
    )


def _of_round(settings: Settings, round_: Round) -> tuple[Step, ...]:
    """Serve what came up in the round; see the service take up what was promoted."""
    state, place = settings.state, folder(settings)
    return (
        Step(
            name="traffic",
            summary="Serve the round's requests",
            call="airport_weather_serving.traffic:run",
            inputs=(
                reference(settings) / "registration.json",
                # With the wall clock people ask; replayed are the entities with their features.
                *([state / "features"] if settings.replayed else []),
            ),
            outputs=(place / "traffic.parquet", place / "traffic.json"),
            parameters={"round": str(round_), "replayed": settings.replayed is not None},
            part=round_.part,
        ),
        Step(
            name="follow",
            summary="See the service follow",
            call="airport_weather_serving.follow:run",
            inputs=(place / "traffic.json", place / "comparison.json"),
            outputs=(place / "follow.json",),
            part=round_.part,
        ),
    )
