"""Trace: from an answered prediction back to the raw rows behind each of its features."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from . import entities
from .database import database, quoted, rows_of
from .faults import Fault
from .relations import View, known, validated
from .run_record import Run
from .settings import Settings
from .views import VIEWS

SHOWN: Final = 20  # raw rows listed per view; all are counted


def run(settings: Settings, run: Run) -> None:
    """Trace the example that the probe of the service left behind."""
    path = settings.state / "serving" / "probe.json"
    example = _example(path)
    as_of = datetime.fromisoformat(example["as_of"])
    with database() as connection:
        keys = _keys(connection, settings.state, str(example["key"]))
        views = {view.name: _trace(connection, settings.state, view, keys, as_of) for view in VIEWS}
    document = {
        "key": example["key"],
        "as_of": as_of.isoformat(),
        "prediction": example.get("prediction"),
        "prediction_id": example.get("prediction_id"),
        "model_version": example.get("model_version"),
        "keys": keys,
        "views": views,
        "differences": _differences(views, example["features"]),
    }
    text = json.dumps(document, indent=2, default=_plain)
    run.staged(settings.state / "trace.json").write_text(f"{text}\n", "utf-8")
    traced = sum(view["raw"]["count"] for view in views.values() if view)
    run.say(f"{example['key']}: {len(views)} views, {traced:,} raw rows")
    run.metric("raw_rows", traced)
    run.metric("differences", len(document["differences"]))


def _example(path: Path) -> Mapping[str, Any]:
    try:
        example: Mapping[str, Any] = json.loads(path.read_text("utf-8"))["example"]
        datetime.fromisoformat(example["as_of"])
        dict(example["features"])
        str(example["key"])
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(f"{path} holds no example ({error}); run the step `probe` again") from None
    return example


def _keys(connection: duckdb.DuckDBPyConnection, state: Path, key: str) -> Mapping[str, str | None]:
    """The values by which the views know an entity."""
    names = (entities.KEY, *entities.JOIN_KEYS)
    table = f"read_parquet({quoted(state / 'features' / 'entities.parquet')})"
    found = rows_of(
        connection, f"SELECT {', '.join(names)} FROM {table} WHERE {entities.KEY} = {quoted(key)}"
    )
    if not found:
        raise Fault(f"no {entities.KEY} = {key} among the entities; run the step `features` again")
    return dict(zip(names, found[0], strict=True))


def _trace(
    connection: duckdb.DuckDBPyConnection,
    state: Path,
    view: View,
    keys: Mapping[str, str | None],
    as_of: datetime,
) -> Mapping[str, Any] | None:
    """The feature row in use at the instant and the raw rows it was computed from, or None."""
    own = {name: keys[name] for name in view.keys}
    if None in own.values():
        return None
    matches = " AND ".join(f"{name} = {quoted(value)}" for name, value in own.items())
    features = connection.read_parquet(str(state / "features" / f"{view.name}.parquet"))
    since = (as_of - view.ttl).isoformat()
    row = (
        features.filter(
            f"{matches} AND event_timestamp <= TIMESTAMPTZ {quoted(as_of.isoformat())} "
            f"AND event_timestamp > TIMESTAMPTZ {quoted(since)}"
        )
        .order("event_timestamp DESC")
        .limit(1)
        .df()
    )
    if row.empty:
        return None
    values = row.iloc[0].to_dict()
    instant = values.pop("event_timestamp").to_pydatetime()
    return {
        "keys": own,
        "event_timestamp": instant.isoformat(),
        "features": {name: _plain(values[name]) for name in view.used},
        "raw": _raw(connection, state, view, matches, instant),
    }


def _raw(
    connection: duckdb.DuckDBPyConnection, state: Path, view: View, matches: str, instant: datetime
) -> Mapping[str, Any]:
    """The raw rows inside the view's windows up to a feature row; the newest are listed."""
    rows = known(validated(connection, state, view.source), view.keys, view.event_timestamp())
    before = "<" if view.every else "<="  # the row of a stretch of time counts from its end
    earlier = rows.filter(
        f"{matches} AND event_timestamp {before} TIMESTAMPTZ {quoted(instant.isoformat())}"
    )
    last = earlier.max("event_timestamp").fetchall()[0][0]
    since = last - view.window if view.window else last
    used = earlier.filter(f"event_timestamp >= TIMESTAMPTZ {quoted(since.isoformat())}")
    columns = list(dict.fromkeys(name for names in view.used.values() for name in names))
    shown = used.order("event_timestamp DESC, source_row DESC").limit(SHOWN)
    listed = shown.select("source_row", "event_timestamp", *columns).fetchall()
    names = ("source_row", "known_at", *columns)
    return {
        "source": view.source,
        "count": int(used.count("*").fetchall()[0][0]),
        "rows": [dict(zip(names, values, strict=True)) for values in listed],
    }


def _differences(
    views: Mapping[str, Mapping[str, Any] | None], answered: Mapping[str, Any]
) -> list[str]:
    """Features that the service answered otherwise than they are stored."""
    stored = {
        name: value for view in views.values() if view for name, value in view["features"].items()
    }
    return sorted(name for name, value in answered.items() if not _equal(value, stored.get(name)))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) <= 1e-9 * max(1.0, abs(other))
    return bool(one == other)


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and value != value:
        return None
    return value.item() if hasattr(value, "item") else value
