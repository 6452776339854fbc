"""Step `score`: predict every flight of the next 1d in one go.

Features come from the offline store as of the clock: the same values that the online store holds
at that instant, so that a prediction does not depend on the way it was asked for.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pandas as pd

from . import features
from .champion import load_scorer
from .faults import Fault
from .run_record import Run
from .scoring import FEATURES
from .settings import Settings

KEY: Final = "flight_id"
JOIN_KEYS: Final[list[str]] = [
    "origin",
    "tailnum",
    "carrier",
    "dest",
]
HORIZON: Final = timedelta(days=1)
# From the as-of time of training to scheduled_departure.
LEAD: Final = timedelta(hours=2)
CHUNK: Final = 50_000  # rows scored at once


def run(settings: Settings, run: Run) -> None:
    """Write scores.parquet and scores.json."""
    scorer = load_scorer(settings)
    due = _due(settings)
    run.say(f"{len(due)} rows, model version {scorer.version}")
    parts = [scorer.predict_rows(features.historical(settings, part)) for part in _chunks(due)]
    scores = pd.concat(parts, ignore_index=True)
    columns = [KEY, "event_timestamp", *FEATURES, "prediction", "model_version"]
    scores["event_timestamp"] = scores["event_timestamp"].astype("datetime64[us, UTC]")
    scores[columns].to_parquet(run.staged(settings.state / "serving" / "scores.parquet"))
    mean = float(scores["prediction"].mean())
    document = {
        "clock": settings.clock.isoformat(),
        "until": (settings.clock + HORIZON).isoformat(),
        "rows": len(scores),
        "model_version": scorer.version,
        "mean_prediction": mean,
        "null_share": {name: float(scores[name].isna().mean()) for name in FEATURES},
    }
    path = run.staged(settings.state / "serving" / "scores.json")
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    run.metric("rows", len(scores))
    run.metric("mean_prediction", mean)


def _due(settings: Settings) -> pd.DataFrame:
    """Who is predicted: scheduled_departure lies within the horizon, known features as of now."""
    now = settings.clock
    due = pd.read_parquet(
        settings.state / "features" / "entities.parquet",
        columns=[KEY, *JOIN_KEYS, "event_timestamp"],
        filters=[
            ("event_timestamp", ">=", pd.Timestamp(now - LEAD)),
            ("event_timestamp", "<", pd.Timestamp(now + HORIZON - LEAD)),
        ],
    ).sort_values(["event_timestamp", KEY], ignore_index=True)
    if due.empty:
        raise Fault(
            f"no flight lies between {now.isoformat()} and "
            f"{(now + HORIZON).isoformat()}; set `clock` in settings/{settings.environment}.toml "
            "to an instant that the data cover"
        )
    due["event_timestamp"] = pd.Timestamp(now)
    return due


def _chunks(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), CHUNK):
        yield frame.iloc[start : start + CHUNK].reset_index(drop=True)
