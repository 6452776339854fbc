"""Step dataset: rows with a known label, point in time, split by time."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from . import contract, features
from .faults import Fault
from .plan import FEATURES, KEY, LABEL, WINDOWS, Window
from .run_record import Run, content_hash
from .settings import Settings


def run(settings: Settings, run: Run) -> None:
    """The training set of the first model."""
    rows = chosen(settings, WINDOWS)
    poor = too_poor(rows, WINDOWS)
    if poor:
        raise Fault(f"{poor}; choose windows in product.yaml that the data cover")
    write(settings, run, rows, WINDOWS, run.staged(settings.state / "training" / "dataset"))


def chosen(settings: Settings, windows: Mapping[str, Window]) -> dict[str, pd.DataFrame]:
    """The rows of each window, without their features."""
    entities = read_entities(settings)
    return {name: in_window(entities, name, window, settings) for name, window in windows.items()}


def write(
    settings: Settings,
    run: Run,
    rows: Mapping[str, pd.DataFrame],
    windows: Mapping[str, Window],
    folder: Path,
) -> dict[str, Any]:
    """Write train, validation and test with their features as Parquet, and dataset.json on them."""
    asked = pd.concat(rows.values()).drop_duplicates(KEY)
    run.say(f"{len(asked)} rows with a known label: reading their features as of then")
    known = features.historical(settings, asked)
    table = known[[KEY, "event_timestamp", *FEATURES, LABEL]]
    contract.check(table, "training-set")
    folder.mkdir(parents=True)
    for name, part in rows.items():
        inside = table[table[KEY].isin(part[KEY])]
        inside.reset_index(drop=True).to_parquet(folder / f"{name}.parquet", index=False)
        run.metric(f"rows.{name}", len(inside))
    document = {
        "sha256": content_hash(folder),
        "windows": {
            name: [window.start.isoformat(), window.end.isoformat()]
            for name, window in windows.items()
        },
        "rows": {name: len(part) for name, part in rows.items()},
        "label_share": {name: float(part[LABEL].mean()) for name, part in rows.items()},
        "left_out": left_out(read_entities(settings), rows, windows),
        "nulls": {name: float(table[name].isna().mean()) for name in FEATURES},
        "statistics": {name: _statistics(table[name], kind) for name, kind in FEATURES.items()},
    }
    (folder / "dataset.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return document


def read_entities(settings: Settings) -> pd.DataFrame:
    """Who is predicted, as of when, and what came of it."""
    return pd.read_parquet(settings.state / "features" / "entities.parquet")


def in_window(
    entities: pd.DataFrame, name: str, window: Window, settings: Settings
) -> pd.DataFrame:
    """Rows of a window whose label was known by its end, in the order of time."""
    if window.end > settings.clock:
        raise Fault(
            f"the window {name} ends at {window.end:%Y-%m-%d %H:%M} UTC, after the clock of "
            f"{settings.environment} ({settings.clock:%Y-%m-%d %H:%M} UTC); "
            "move the split in product.yaml or the clock in settings"
        )
    inside = entities["event_timestamp"].between(window.start, window.end, inclusive="left")
    rows = entities[inside & _labelled(entities) & (entities["label_known_at"] <= window.end)]
    return rows.sort_values(["event_timestamp", KEY], ignore_index=True)


def too_poor(rows: Mapping[str, pd.DataFrame], windows: Mapping[str, Window]) -> str:
    """What is wrong with the first window that nothing can be learnt from; empty if all will do."""
    for name, part in rows.items():
        if part[LABEL].nunique() < 2:
            window = windows[name]
            return (
                f"the window {name} ({window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}) has "
                f"{len(part)} labelled rows and {part[LABEL].nunique()} distinct labels"
            )
    return ""


def left_out(
    entities: pd.DataFrame, rows: Mapping[str, pd.DataFrame], windows: Mapping[str, Window]
) -> dict[str, int]:
    """How many rows between the first and the last window are not used, by reason."""
    start = min(window.start for window in windows.values())
    end = max(window.end for window in windows.values())
    inside = entities[entities["event_timestamp"].between(start, end, inclusive="left")]
    excluded = inside["excluded"].value_counts()
    unknown = int((inside[LABEL].isna() & inside["excluded"].isna()).sum())
    used = sum(len(part) for part in rows.values())
    return {
        **{str(reason): int(number) for reason, number in sorted(excluded.items())},
        "label unknown": unknown,
        "label known too late": len(inside) - int(excluded.sum()) - unknown - used,
    }


def _labelled(entities: pd.DataFrame) -> Any:
    return entities[LABEL].notna() & entities["excluded"].isna()


def _statistics(column: "pd.Series[Any]", kind: str) -> dict[str, Any]:
    """What a column looks like, for people and for later comparison."""
    if kind == "category":
        counts = column.value_counts()
        top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]
        return {"distinct": len(counts), "most_frequent": {name: int(rows) for name, rows in top}}
    known = column.dropna()
    if known.empty:
        return {}
    quantiles = known.quantile([0.05, 0.25, 0.5, 0.75, 0.95])
    return {
        "mean": float(known.mean()),
        "minimum": float(known.min()),
        "maximum": float(known.max()),
        "quantiles": {str(share): float(value) for share, value in quantiles.items()},
    }
