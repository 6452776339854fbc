"""The challenger: the same steps as for the first model, over other windows and in another folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import rounds
from .dataset import chosen, too_poor, write
from .dossiers import read_document
from .evaluate import evaluate
from .plan import SEARCH_AGAIN, Window
from .run_record import Run
from .settings import Settings
from .train import train


def make(
    settings: Settings, run: Run, folder: Path, planned: Mapping[str, Window]
) -> tuple[dict[str, Any], str]:
    """Write the challenger's dossier; what was made of what, or nothing and why not."""
    rows = chosen(settings, planned)
    poor = too_poor(rows, planned)
    if poor:
        return {}, poor
    known = None
    if not SEARCH_AGAIN:
        known = read_document(rounds.reference(settings) / "search.json")["parameters"]
    dataset, package = run.staged(folder / "dataset"), run.staged(folder / "model")
    described = write(settings, run, rows, planned, dataset)
    found = train(settings, run, dataset, package, known)
    search = run.staged(folder / "search.json")
    search.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    evaluate(run, dataset, package, run.staged(folder / "evaluation.json"))
    return {
        "rows": described["rows"],
        "parameters": found["parameters"],
        "rounds": found["rounds"],
    }, ""
