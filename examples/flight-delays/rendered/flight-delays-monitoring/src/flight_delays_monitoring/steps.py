"""The steps of this repository with what they read, write and depend on."""

from collections.abc import Mapping
from typing import Final

from .plan import DRIFT_DISTANCE, DRIFT_SHARE, NULL_SHARE, WINDOW
from .run_record import Step
from .settings import Settings

COMMANDS: Final[Mapping[str, str]] = {}


def steps(settings: Settings) -> tuple[Step, ...]:
    """One step: what is seen now beside what the model was trained on."""
    training, serving = settings.state / "training", settings.state / "serving"
    log = serving / "predictions.jsonl"
    return (
        Step(
            name="drift",
            summary="Measure drift and the quality of the data",
            call="flight_delays_monitoring.watch:run",
            inputs=(
                training / "dataset",
                training / "model",
                serving / "scores.parquet",
                # Written by the service: absent until it has answered for the first time.
                *([log] if log.exists() else []),
            ),
            outputs=(
                settings.state / "monitoring" / "drift.json",
                settings.state / "monitoring" / "drift.html",
            ),
            parameters={
                "clock": settings.replayed or f"{settings.clock:%Y-%m-%d}",
                "window": WINDOW.total_seconds(),
                "drift_distance": DRIFT_DISTANCE,
                "drift_share": DRIFT_SHARE,
                "null_share": NULL_SHARE,
            },
        ),
    )
