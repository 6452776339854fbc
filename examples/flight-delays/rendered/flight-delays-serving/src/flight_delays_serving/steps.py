"""The steps and commands of this repository."""

from collections.abc import Mapping
from typing import Final

from .run_record import Step
from .settings import Settings

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "flight_delays_serving.serve:serve",
    "predict": "flight_delays_serving.client:predict",
}


def steps(settings: Settings) -> tuple[Step, ...]:
    """Score in batch, then start the service and compare."""
    state = settings.state
    clock = settings.clock.isoformat()
    return (
        Step(
            name="score",
            summary="Score in batch",
            call="flight_delays_serving.batch:run",
            inputs=(state / "features", state / "training" / "registration.json"),
            outputs=(state / "serving" / "scores.parquet", state / "serving" / "scores.json"),
            parameters={"clock": clock, "horizon": "1d", "alias": "champion"},
        ),
        Step(
            name="probe",
            summary="Serve and predict",
            call="flight_delays_serving.probe:run",
            inputs=(
                state / "feature_store",
                state / "serving" / "scores.parquet",
                state / "serving" / "scores.json",
            ),
            outputs=(state / "serving" / "probe.json",),
            seed=2013,
        ),
    )
