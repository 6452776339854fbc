"""Step `report`: one page on the last run of the loop, in a file that needs no network."""

from datetime import datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import figures, lineage, sections
from .components import COMPONENTS
from .documents import read_json, read_records
from .pipeline import PIPELINE
from .run_record import Run
from .settings import Settings

PAGES: Final = Path(__file__).parent / "pages"


def run(settings: Settings, run: Run) -> None:
    """Write report.html."""
    page = page_text(settings.state, settings.environment, settings.clock)
    run.staged(settings.state / "report.html").write_text(page, "utf-8")
    run.say(f"{settings.state / 'report.html'}, {len(page.encode()) / 1000:.0f} kB")


def page_text(state: Path, environment: str, clock: datetime) -> str:
    """The page about what lies in the state folder."""
    pages = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    seconds = {
        name: float(record.get("seconds") or 0.0) for name, record in read_records(state).items()
    }
    return pages.get_template("report.html").render(
        **read_json(PAGES / "product.json"),
        environment=environment,
        clock=f"{clock:%Y-%m-%d %H:%M} UTC",
        components=COMPONENTS,
        loop=figures.loop_picture(PIPELINE, seconds, _notes()),
        total=sum(seconds.values()),
        prediction=sections.prediction(state),
        data=sections.data(state),
        features=sections.features(state),
        model=sections.model(state),
        serving=sections.serving(state),
        drift=sections.drift(state),
        trace=lineage.trace(state),
        records=lineage.records(state),
    )


def _notes() -> dict[str, str]:
    notes: dict[str, list[str]] = {}
    for component in COMPONENTS:
        notes.setdefault(component.role, []).append(component.title)
    return {role: "; ".join(titles) for role, titles in notes.items()}
