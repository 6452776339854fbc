"""Step watch: a round's drift and quality, whether that is an alert, and whether to retrain."""

import json
import os
from typing import Any

import pandas as pd

from . import rounds
from .dossiers import Dossier, of_version, read
from .labelled import learnable, read_labelled, read_traffic, versions_in_order
from .model import Model
from .movement import moved
from .quality import quality
from .run_record import Run
from .settings import PREFIX, Settings
from .tables import Current, read_split
from .triggers import age_of, summary, triggers
from .verdict import judge

BY_HAND = f"{PREFIX}_RETRAIN"


def run(settings: Settings, run: Run) -> None:
    """Write watch.json."""
    now = rounds.current(settings)
    traffic, known = read_traffic(settings), read_labelled(settings)
    champion = champion_of(settings)
    run.say(f"{len(traffic)} predictions, {len(known)} labels that became known")
    document: dict[str, Any] = {
        "round": {"start": now.start.isoformat(), "end": now.end.isoformat()},
        "reference": {
            "folder": champion.folder.relative_to(settings.state).as_posix(),
            "version": champion.version,
        },
        **look(settings, champion, traffic, known),
    }
    path = run.staged(rounds.folder(settings) / "watch.json")
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    run.metric("rows", len(traffic))
    run.metric("drifted_share", document["drift"]["share"])
    run.metric("alert", document["alert"])
    run.metric("retrain", document["retrain"])
    for name, figure in (
        ("drop", document["quality"]["drop"]),
        ("current", document["quality"]["current"]["value"]),
    ):
        if figure is not None:
            run.metric(f"quality.{name}", figure)
    run.say(document["words"])


def champion_of(settings: Settings) -> Dossier:
    """The champion when this round began; where it was replaced by hand, what was put there.

    Not the version that answered most: after a promotion the replaced one has most answers for a
    while, and its age and quality must not ask for a challenger of the new one. Only by hand can
    another version answer after the champion has.
    """
    champion = read(rounds.reference(settings))
    versions = versions_in_order(settings)
    if champion.version in versions and versions[-1] != champion.version:
        return of_version(settings.state, versions[-1]) or champion
    return champion


def look(
    settings: Settings, champion: Dossier, traffic: pd.DataFrame, known: pd.DataFrame
) -> dict[str, Any]:
    """Every figure, then what it means."""
    dataset = champion.folder / "dataset"
    trained, unseen = read_split(dataset, "train"), read_split(dataset, "test")
    current = Current(traffic, "served")
    drift = moved(settings, champion.folder, trained, unseen, current)
    said = Model.load(champion.folder / "model").predict(unseen)
    found = quality(unseen.assign(prediction=said), known, champion.version)
    verdict = judge(drift, labels_known=found["drop"] is not None)
    asked = triggers(
        found,
        drift,
        age=age_of(champion.learnt_until, settings.clock),
        new_rows=learnable(settings, champion.learnt_until),
        by_hand=os.environ.get(BY_HAND, "").strip(),
    )
    return {
        "drift": {**drift, "verdict": verdict.word, "words": verdict.text},
        "quality": found,
        "triggers": asked,
        "alert": found["alert"] or drift["alarm"],
        "retrain": any(one["fired"] for one in asked),
        "words": summary(asked, found, drift["causes"]),
    }
