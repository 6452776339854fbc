"""Features: every view, the keys and the entities, computed from the validated rows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from . import entities, offline
from .database import database, quoted, rows_of
from .relations import validated, write
from .run_record import Run
from .settings import Settings
from .views import VIEWS


def run(settings: Settings, run: Run) -> None:
    """Compute all feature views, then the keys and the entities."""
    folder = run.staged(settings.state / "features")
    folder.mkdir()
    with database() as connection:
        rows = {}
        for view in VIEWS:
            features = view.feature_rows(validated(connection, settings.state, view.source))
            rows[view.name] = write(connection, features, folder / f"{view.name}.parquet")
            run.say(f"{view.name}: {rows[view.name]:,} rows")
            run.metric(f"{view.name}_rows", rows[view.name])
        source = validated(connection, settings.state, entities.SOURCE)
        keys = folder / f"{entities.KEY_VIEW}.parquet"
        rows[entities.KEY_VIEW] = write(connection, entities.keys(source), keys)
        target = folder / "entities.parquet"
        rows["entities"] = write(connection, entities.entities(source), target)
        counts = _counts(connection, target)
    run.say(f"{entities.LABEL}: {counts['label']['known']:,} known, excluded {counts['excluded']}")
    document = json.dumps({"rows": rows, **counts}, indent=2)
    (folder / "features.json").write_text(f"{document}\n", "utf-8")
    offline.publish(settings, folder)


def _counts(connection: duckdb.DuckDBPyConnection, target: Path) -> Mapping[str, Any]:
    """How many labels are known, their mean, and how many entities are kept out for which reason."""
    label = entities.LABEL
    rows = f"FROM read_parquet({quoted(target)})"
    kept = "FILTER (excluded IS NULL)"
    (counted,) = rows_of(
        connection, f"SELECT count({label}) {kept}, count(*) {kept}, avg({label}) {kept} {rows}"
    )
    known, kept_rows, mean = counted
    excluded = rows_of(
        connection, f"SELECT excluded, count(*) {rows} WHERE excluded IS NOT NULL GROUP BY 1"
    )
    reasons = dict.fromkeys(entities.EXCLUDED, 0) | dict(excluded)
    labels = {"name": label, "known": known, "unknown": kept_rows - known, "mean": mean}
    return {"label": labels, "excluded": reasons}
