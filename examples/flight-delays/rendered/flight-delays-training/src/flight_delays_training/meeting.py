"""Champion and challenger meet: on rows that neither has learnt from, by the rules of promotion."""

from datetime import datetime
from pathlib import Path
from typing import Any

from . import registry, rounds
from .comparison import Paired, compare, decide, slices, weeks
from .dossiers import Dossier, of_version, read, read_document
from .evaluate import labels, read_window
from .faults import Fault
from .model import Model
from .register import ALIAS, CHALLENGER, describe, good_enough, record_of, register
from .run_record import Run
from .settings import Settings


def meet(settings: Settings, run: Run, place: Path, registration: Path) -> dict[str, Any]:
    """Register the challenger, compare it, promote it if it passes; the figures and the decision."""
    challenger = place / "challenger"
    evaluation = read_document(challenger / "evaluation.json")
    trained_by = record_of(settings, "retrain", place.name)
    version = register(settings, challenger / "model", evaluation, trained_by)
    if registry.current(settings, CHALLENGER) != version.version:
        registry.promote(settings, version.version, CHALLENGER, f"trained in round {place.name}")
    champion = champion_of(settings, version.version)
    found = _compared(run, challenger, champion)
    good, words = good_enough(evaluation["model"]["test"])
    reasons = [*found.pop("reasons"), f"{'passed' if good else 'failed'}: {words}"]
    promoted = found.pop("better") and good
    if promoted and registry.current(settings, ALIAS) != version.version:
        registry.promote(settings, version.version, ALIAS, "; ".join(reasons))
    describe(registration, version, ALIAS if promoted else CHALLENGER, reasons, trained_by)
    sides = {"champion": champion.version if champion else None, "challenger": version.version}
    for side, number in sides.items():
        found[side] = {"version": number, "metrics": found.get(side, {})}
    return {"decision": "promoted" if promoted else "refused", "reasons": reasons, **found}


def champion_of(settings: Settings, challenger: str) -> Dossier | None:
    """The champion that the challenger has to beat; None when there is none yet.

    A run that was killed after it had moved the alias finds its own challenger there, and one that
    comes again what the round trained before: it is the champion before them that is compared.
    """
    version = registry.current(settings, ALIAS)
    if version is None:
        return None
    found = of_version(settings.state, version) or Dossier(Path(), version, "")
    own = rounds.folder(settings) / "challenger"
    if version == challenger or found.folder == own:
        return read(rounds.reference(settings))
    return found


def _compared(run: Run, challenger: Path, champion: Dossier | None) -> dict[str, Any]:
    """Figures, reasons and whether the challenger is better."""
    test = read_window(challenger / "dataset", "test")
    start, end = _window(challenger)
    if champion is None:
        words = "passed: there is no champion to beat yet"
        return {"better": True, "reasons": [words], "window": _extent(start, end, len(test))}
    if not champion.digest:
        words = f"failed: what version {champion.version} has learnt from is not known here"
        return {"better": False, "reasons": [words], "window": _extent(start, end, len(test))}
    reasons: list[str] = []
    unseen = max(start, champion.learnt_until)
    if unseen > start:
        reasons.append(
            f"the champion knows the labels until {unseen:%Y-%m-%d}: the window starts there "
            f"instead of {start:%Y-%m-%d}"
        )
    rows = test[test["event_timestamp"] >= unseen].reset_index(drop=True)
    model = _registered(champion)
    predicted = {
        "champion": model.predict(rows),
        "challenger": Model.load(challenger / "model").predict(rows),
    }
    paired = Paired(rows, labels(rows), predicted)
    figures = compare(paired, run.seed)
    better, words_of_rule = decide(figures)
    for name in ("difference", "better_share"):
        if figures[name] is not None:
            run.metric(name, figures[name])
    return {
        "compared": True,
        "better": better,
        "reasons": [*reasons, *words_of_rule],
        "window": _extent(unseen, end, len(rows)),
        **figures,
        "weeks": weeks(paired),
        "slices": slices(paired),
    }


def _registered(champion: Dossier) -> Model:
    """The champion's own package, which is the one that was registered."""
    model = Model.load(champion.folder / "model")
    if model.digest != champion.digest:
        raise Fault(
            f"{champion.folder / 'model'} is not version {champion.version} of the registry; "
            "run `register` again, then this round"
        )
    return model


def _window(challenger: Path) -> tuple[datetime, datetime]:
    start, end = read_document(challenger / "dataset" / "dataset.json")["windows"]["test"]
    return datetime.fromisoformat(start), datetime.fromisoformat(end)


def _extent(start: datetime, end: datetime, rows: int) -> dict[str, Any]:
    return {"start": start.isoformat(), "end": end.isoformat(), "rows": rows}
