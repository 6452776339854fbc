"""Step dataset: rows with a known label, point in time, split by time."""

import json
from typing import Any

import pandas as pd

from . import contract, features
from .faults import Fault
from .plan import FEATURES, KEY, LABEL, WINDOWS
from .run_record import Run, content_hash
from .settings import Settings


def run(settings: Settings, run: Run) -> None:
    """Write train, validation and test as Parquet, and dataset.json about them."""
    entities = pd.read_parquet(settings.state / "features" / "entities.parquet")
    windows = {name: in_window(entities, name, settings) for name in WINDOWS}
    for name, rows in windows.items():
        _refuse_poor(name, rows)
    asked = pd.concat(windows.values()).drop_duplicates(KEY)
    run.say(f"{len(asked)} rows with a known label: reading their features as of then")
    known = features.historical(settings, asked)
    table = known[[KEY, "event_timestamp", *FEATURES, LABEL]]
    contract.check(table, "training-set")

    folder = run.staged(settings.state / "training" / "dataset")
    folder.mkdir()
    for name, rows in windows.items():
        part = table[table[KEY].isin(rows[KEY])]
        part.reset_index(drop=True).to_parquet(folder / f"{name}.parquet", index=False)
        run.metric(f"rows.{name}", len(part))
    document = {
        "sha256": content_hash(folder),
        "windows": {
            name: [window.start.isoformat(), window.end.isoformat()]
            for name, window in WINDOWS.items()
        },
        "rows": {name: len(rows) for name, rows in windows.items()},
        "label_share": {name: float(rows[LABEL].mean()) for name, rows in windows.items()},
        "left_out": left_out(entities, windows),
        "nulls": {name: float(table[name].isna().mean()) for name in FEATURES},
        "statistics": {name: _statistics(table[name], kind) for name, kind in FEATURES.items()},
    }
    (folder / "dataset.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def in_window(entities: pd.DataFrame, name: str, settings: Settings) -> pd.DataFrame:
    """Rows of a window whose label was known by its end, in the order of time."""
    window = WINDOWS[name]
    if window.end > settings.clock:
        raise Fault(
            f"the window {name} ends at {window.end:%Y-%m-%d %H:%M} UTC, after the clock of "
            f"{settings.environment} ({settings.clock:%Y-%m-%d %H:%M} UTC); "
            "move the split in product.yaml or the clock in settings"
        )
    inside = entities["event_timestamp"].between(window.start, window.end, inclusive="left")
    rows = entities[inside & _labelled(entities) & (entities["label_known_at"] <= window.end)]
    return rows.sort_values(["event_timestamp", KEY], ignore_index=True)


def left_out(entities: pd.DataFrame, windows: dict[str, pd.DataFrame]) -> dict[str, int]:
    """How many rows between the first and the last window are not used, by reason."""
    start = min(window.start for window in WINDOWS.values())
    end = max(window.end for window in WINDOWS.values())
    inside = entities[entities["event_timestamp"].between(start, end, inclusive="left")]
    excluded = inside["excluded"].value_counts()
    unknown = int((inside[LABEL].isna() & inside["excluded"].isna()).sum())
    used = sum(len(rows) for rows in windows.values())
    return {
        **{str(reason): int(rows) for reason, rows in sorted(excluded.items())},
        "label unknown": unknown,
        "label known too late": len(inside) - int(excluded.sum()) - unknown - used,
    }


def _labelled(entities: pd.DataFrame) -> Any:
    return entities[LABEL].notna() & entities["excluded"].isna()


def _refuse_poor(name: str, rows: pd.DataFrame) -> None:
    window = WINDOWS[name]
    if rows[LABEL].nunique() < 2:
        raise Fault(
            f"the window {name} ({window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}) has "
            f"{len(rows)} labelled rows and {rows[LABEL].nunique()} distinct labels; "
            "choose windows in product.yaml that the data cover"
        )


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
