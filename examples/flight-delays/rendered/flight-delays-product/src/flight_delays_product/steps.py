"""What this repository runs: the report as a step, the loop as a command."""

from collections.abc import Mapping
from typing import Final

from .documents import document_paths
from .run_record import Step
from .settings import Settings


def steps(settings: Settings) -> tuple[Step, ...]:
    """The steps of this repository, in order."""
    return (
        Step(
            name="report",
            summary="Write the report on the last run of the loop",
            call="flight_delays_product.report:run",
            # What is missing is said in the report, so only what is there is an input.
            inputs=tuple(path for path in document_paths(settings.state) if path.exists()),
            outputs=(settings.state / "report.html",),
            part=settings.round.part if settings.round else "",
        ),
    )


COMMANDS: Final[Mapping[str, str]] = {
    "loop": "flight_delays_product.loop:main",
    "open": "flight_delays_product.browser:main",
}
