"""Scores in batch with what the online store holds."""

import pandas as pd

from . import features
from .champion import load_scorer
from .run_record import Run
from .settings import Settings


def run(settings: Settings, run: Run) -> None:
    entities = pd.read_parquet(settings.state / "features" / "entities.parquet")
    key = entities.columns[0]
    found = features.online(settings, entities[key].tolist(), settings.clock)
    scores = load_scorer(settings).predict_rows(entities[[key]].join(found))
    scores.to_parquet(run.staged(settings.state / "serving" / "scores.parquet"))
    run.staged(settings.state / "serving" / "scores.json").write_text("{}", "utf-8")
