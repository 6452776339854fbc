"""The steps of this repository with what they read, write and depend on."""

import os
from collections.abc import Mapping
from typing import Final

from . import rounds
from .plan import (
    DRIFT_DISTANCE,
    DRIFT_RETRAINS,
    DRIFT_SHARE,
    EVERY,
    METRIC,
    NEW_ROWS,
    NULL_SHARE,
    QUALITY_DROP,
    SEED,
    WINDOW,
)
from .run_record import Step
from .settings import PREFIX, Settings

COMMANDS: Final[Mapping[str, str]] = {}


def steps(settings: Settings) -> tuple[Step, ...]:
    """What is seen now beside what the model was trained on, and in a round what follows from it."""
    if settings.round is not None:
        return (_watch(settings),)
    training, serving = settings.state / "training", settings.state / "serving"
    log = serving / "predictions.jsonl"
    return (
        Step(
            name="drift",
            summary="Measure drift and the quality of the data",
            call="hotel_bookings_monitoring.movement:run",
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


def _watch(settings: Settings) -> Step:
    state, champion = settings.state, rounds.reference(settings)
    place, part = rounds.folder(settings), rounds.current(settings).part
    earlier = sorted((state / "rounds").glob("[0-9]*Z/traffic.parquet"))
    return Step(
        name="watch",
        summary="Measure quality and drift, and decide whether to retrain",
        call="hotel_bookings_monitoring.watch:run",
        inputs=(
            champion / "dataset",
            champion / "model",
            champion / "registration.json",
            state / "features" / "entities.parquet",
            # Labels of earlier predictions may have become known only now.
            *(path for path in earlier if path.parent.name < part),
            place / "traffic.parquet",
        ),
        outputs=(place / "watch.json",),
        parameters={
            "metric": METRIC,
            "window": WINDOW.total_seconds(),
            "drift_distance": DRIFT_DISTANCE,
            "drift_share": DRIFT_SHARE,
            "null_share": NULL_SHARE,
            "quality_drop": QUALITY_DROP,
            "drift_retrains": DRIFT_RETRAINS,
            "every": EVERY.total_seconds() if EVERY is not None else None,
            "new_rows": NEW_ROWS,
            "by_hand": os.environ.get(f"{PREFIX}_RETRAIN", "").strip(),
        },
        seed=SEED,
        part=part,
    )
