"""What this repository runs, in order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .locations import resolve
from .run_record import Step
from .settings import Settings


def steps(settings: Settings) -> tuple[Step, ...]:
    """The steps of this repository, in order."""
    state = settings.state
    return (
        Step(
            name="ingest",
            summary="Validate the raw data",
            call="airport_weather_data_engineering.ingest:run",
            inputs=_raw_files(settings),
            outputs=(state / "validated", state / "quarantine"),
        ),
        Step(
            name="features",
            summary="Compute the feature views",
            call="airport_weather_data_engineering.feature_views:run",
            inputs=(state / "validated",),
            outputs=(state / "features",),
        ),
        Step(
            name="materialise",
            summary="Fill the online store",
            call="airport_weather_data_engineering.materialise:run",
            inputs=(state / "features",),
            outputs=(state / "feature_store",),
            # Without a replayed clock each run is as of another instant and so never skipped.
            parameters={"until": settings.clock.isoformat()},
        ),
        Step(
            name="trace",
            summary="Trace the probed prediction to its raw rows",
            call="airport_weather_data_engineering.trace:run",
            inputs=(state / "validated", state / "features", state / "serving" / "probe.json"),
            outputs=(state / "trace.json",),
        ),
    )


def _raw_files(settings: Settings) -> tuple[Path, ...]:
    """The raw files that are there; `ingest` says which are not."""
    paths = (resolve(location) for location in settings.sources.values())
    return tuple(path for path in paths if path is not None and path.is_file())


COMMANDS: Final[Mapping[str, str]] = {}
