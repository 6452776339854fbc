"""Step `score`: predict every hour of the next 1d in one go.

Features come from the offline store as of the clock: the same values that the online store holds
at that instant, so that a prediction does not depend on the way it was asked for.
"""

import pyarrow as pa

from . import features
from .champion import load_scorer
from .due import chunks, due
from .run_record import Run
from .scores import Scores
from .settings import Settings


def run(settings: Settings, run: Run) -> None:
    """Write scores.parquet and scores.json."""
    scorer = load_scorer(settings)
    asked = due(settings)
    run.say(f"{len(asked)} rows, model version {scorer.version}")
    with Scores(settings, run, scorer.version) as scores:
        for part in chunks(asked):
            scored = scorer.predict_rows(features.historical(settings, part))
            scores.add(pa.Table.from_pandas(scored, preserve_index=False))
