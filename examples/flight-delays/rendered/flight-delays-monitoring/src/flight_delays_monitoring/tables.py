"""What other repositories hand over, read by its contract and refused when it breaks it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd

from .faults import Fault
from .plan import FEATURES, KEY, WINDOW
from .prediction_log import Log, read_log
from .settings import Settings

CONTRACTS: Final = Path("contracts")
SPLITS: Final = ("train", "validation", "test")


@dataclass(frozen=True)
class Current:
    """The rows of the window before the clock, and where they come from."""

    rows: pd.DataFrame
    source: str


def read_splits(settings: Settings) -> dict[str, pd.DataFrame]:
    """The training set, split by time; rows in the order of time."""
    folder = settings.state / "training" / "dataset"
    return {name: read_split(folder, name) for name in SPLITS}


def read_split(dataset: Path, name: str) -> pd.DataFrame:
    """One window of a training set, in the order of time."""
    required = json.loads((CONTRACTS / "training-set.schema.json").read_text("utf-8"))["required"]
    return _table(dataset / f"{name}.parquet", required)


def read_scores(settings: Settings) -> pd.DataFrame:
    """The rows of the last batch with their predictions."""
    required = [KEY, "event_timestamp", *FEATURES, "prediction", "model_version"]
    return _table(settings.state / "serving" / "scores.parquet", required)


def read_predictions(settings: Settings) -> Log:
    """The lines of the prediction log in the window before the clock."""
    return read_log(
        settings.state / "serving" / "predictions.jsonl",
        CONTRACTS / "prediction-log.schema.json",
        since=settings.clock - WINDOW,
        until=settings.clock,
    )


def current_rows(
    splits: Mapping[str, pd.DataFrame],
    scores: pd.DataFrame,
    log: pd.DataFrame,
    clock: datetime,
) -> Current:
    """Rows whose label is known where they cover the window, else the rows that were served.

    Served rows of a day all carry the features of the instant of scoring, so labelled rows,
    each as of its own time, are the better likeness of the training set.
    """
    labelled = in_window(pd.concat(splits.values(), ignore_index=True), clock)
    if days(labelled) >= WINDOW.days / 2 and len(labelled):
        return Current(labelled, "labelled")
    served = pd.concat([part for part in (scores, log) if len(part)] or [scores], ignore_index=True)
    kept = in_window(served, clock)
    # What was asked for again counts once; a row without a key cannot be told from another.
    again = kept.duplicated([KEY, "event_timestamp"], keep="last") & kept[KEY].notna()
    kept = kept[~again].reset_index(drop=True)
    return Current(kept if len(kept) > len(labelled) else labelled, "served")


def in_window(frame: pd.DataFrame, clock: datetime) -> pd.DataFrame:
    """The rows of the window that ends at the clock."""
    return frame[frame["event_timestamp"].between(clock - WINDOW, clock)].sort_values(
        "event_timestamp", kind="stable", ignore_index=True
    )


def days(frame: pd.DataFrame) -> int:
    """How many days the rows cover."""
    return int(frame["event_timestamp"].dt.floor("D").nunique())


def _table(path: Path, required: list[str]) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise Fault(f"{path} cannot be read ({error}); run the step that writes it") from None
    missing = [name for name in required if name not in frame.columns]
    wrong = [name for name in FEATURES if name in frame.columns and not _fits(frame[name], name)]
    if not missing and not isinstance(frame["event_timestamp"].dtype, pd.DatetimeTZDtype):
        wrong.append("event_timestamp")
    if missing or wrong:
        broken = [f"{name} is missing" for name in missing]
        broken += [f"{name} is {frame[name].dtype}" for name in wrong]
        raise Fault(
            f"{path} breaks its contract: {', '.join(broken)}; "
            "mend the step that writes it, or render both repositories from one spec"
        )
    return frame.sort_values("event_timestamp", kind="stable", ignore_index=True)


def _fits(column: "pd.Series[Any]", name: str) -> bool:
    if FEATURES[name] == "number":
        return bool(pd.api.types.is_float_dtype(column))
    return bool(column.dropna().map(lambda value: isinstance(value, str)).all())
