"""Step `report`: one page on the last run of the loop, in a file that needs no network."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import figures, happened, history, lineage, sections
from .components import COMPONENTS
from .documents import read_json, read_records
from .pipeline import LAST, PIPELINE, ROUND, LoopStep
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
    loops = _loops(state)
    return pages.get_template("report.html").render(
        **read_json(PAGES / "product.json"),
        environment=environment,
        clock=f"{clock:%Y-%m-%d %H:%M} UTC",
        components=COMPONENTS,
        loops=loops,
        total=sum(one["total"] for one in loops),
        rounds=happened.happened(state, history.rounds(state)),
        prediction=sections.prediction(state),
        data=sections.data(state),
        features=sections.features(state),
        model=sections.model(state),
        serving=sections.serving(state),
        drift=sections.drift(state),
        trace=lineage.trace(state),
        records=lineage.records(state),
        round_records=lineage.round_records_of(state),
    )


def _loops(state: Path) -> list[dict[str, Any]]:
    """The way to the first prediction, and a round after it: pictures and times."""
    first = {
        name: float(record.get("seconds") or 0.0) for name, record in read_records(state).items()
    }
    rounds = lineage.seconds_of_rounds(state)
    if not rounds:
        return [_loop("", PIPELINE, first, sum(first.values()))]
    number = max(len(each) for each in rounds.values())
    means = {name: sum(each) / len(each) for name, each in rounds.items()}
    return [
        _loop(
            "From raw data to the first prediction",
            [step for step in PIPELINE if step.name != LAST],
            first,
            sum(seconds for name, seconds in first.items() if name != LAST),
        ),
        _loop(
            f"A round after it, on average of {number}",
            ROUND,
            means,
            sum(sum(each) for each in rounds.values()),
        ),
    ]


def _loop(
    title: str, steps: Sequence[LoopStep], seconds: Mapping[str, float], total: float
) -> dict[str, Any]:
    lines = [
        {
            "name": step.name,
            "role": step.role,
            "summary": step.summary,
            "took": figures.took(step, seconds.get(step.name)),
        }
        for step in steps
    ]
    picture = figures.loop_picture(steps, seconds, _notes())
    return {"title": title, "picture": picture, "steps": lines, "total": total}


def _notes() -> dict[str, str]:
    notes: dict[str, list[str]] = {}
    for component in COMPONENTS:
        notes.setdefault(component.role, []).append(component.title)
    return {role: "; ".join(titles) for role, titles in notes.items()}
