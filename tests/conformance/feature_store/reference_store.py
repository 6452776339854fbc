"""A feature store in plain Python, right but slow: each broken case spoils one thing in it."""

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

Row = dict[str, Any]


class UnknownEntity(LookupError):
    """A key that is not known."""


class ReferenceStore:
    """The port's three functions over the views of a rendered package."""

    def __init__(self, views: Sequence[Any], entities: Any, categories: Sequence[str]) -> None:
        self.views = views
        self.entities = entities
        self.categories = categories

    def fresh(self, known: datetime, at: datetime, ttl: Any) -> bool:
        """Whether a row that became known at an instant counts at another."""
        return at - ttl < known <= at

    def offline(self, asked: Sequence[Row], folder: Path) -> list[Row]:
        """The features of entities, each at its own instant."""
        tables = {view.name: _rows(folder / f"{view.name}.parquet") for view in self.views}
        return [self.features(row, row["event_timestamp"].to_pydatetime(), tables) for row in asked]

    def features(self, keys: Row, at: datetime, tables: Mapping[str, Sequence[Row]]) -> Row:
        """The last row of each view that counts."""
        found: Row = {}
        for view in self.views:
            rows = [
                row
                for row in tables[view.name]
                if all(row[key] == keys[key] for key in view.keys)
                and self.fresh(row["event_timestamp"], at, view.ttl)
            ]
            last = max(rows, key=lambda row: row["event_timestamp"], default=None)
            found |= {name: last[name] if last else None for name in view.used}
        return found

    def historical(self, settings: Any, frame: pd.DataFrame) -> pd.DataFrame:
        """As the port's `historical`."""
        features = self.offline(frame.to_dict("records"), settings.state / "features")
        return pd.concat([frame, self.frame(features).set_axis(frame.index)], axis="columns")

    def frame(self, features: Sequence[Row]) -> pd.DataFrame:
        """Numbers as floats and categories as words."""
        names = [name for view in self.views for name in view.used]
        return pd.DataFrame(
            {
                name: pd.Series(
                    [row[name] for row in features],
                    dtype="object" if name in self.categories else "float64",
                )
                for name in names
            }
        )

    def online(self, settings: Any, keys: Sequence[str], now: datetime) -> pd.DataFrame:
        """As the port's `online`."""
        folder = Path(settings.extra["feature_store"])
        tables = {view.name: _rows(folder / f"{view.name}.parquet") for view in self.views}
        known = _rows(folder / f"{self.entities.KEY_VIEW}.parquet")
        rows = {row[self.entities.KEY]: row for row in known if row["event_timestamp"] <= now}
        unknown = [key for key in keys if key not in rows]
        if unknown:
            raise UnknownEntity(f"unknown: {unknown}")
        names = (self.entities.KEY, *self.entities.JOIN_KEYS)
        identities = pd.DataFrame(
            {name: pd.Series([rows[key][name] for key in keys], dtype="object") for name in names}
        )
        features = [self.features(rows[key], now, tables) for key in keys]
        return pd.concat([identities, self.frame(features)], axis="columns")

    def known(self, row: Row, until: datetime) -> bool:
        """Whether a row goes into the online store."""
        return bool(row["event_timestamp"] <= until)

    def materialise(self, settings: Any, store: Path, until: datetime) -> dict[str, int]:
        """As the port's `materialise`: of each key the last row that is known."""
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir(parents=True)
        counts = {}
        keys = {view.name: view.keys for view in self.views}
        keys[self.entities.KEY_VIEW] = (self.entities.KEY,)
        for name, names in keys.items():
            table = pq.read_table(settings.state / "features" / f"{name}.parquet")
            last: dict[tuple[str, ...], Row] = {}
            for row in sorted(table.to_pylist(), key=lambda row: row["event_timestamp"]):
                if self.known(row, until):
                    last[tuple(row[key] for key in names)] = row
            rows = type(table).from_pylist(list(last.values()), schema=table.schema)
            pq.write_table(rows, store / f"{name}.parquet")
            counts[name] = len(last)
        (store / "counts.json").write_text(json.dumps(counts), "utf-8")
        return counts


def _rows(path: Path) -> list[Row]:
    rows: list[Row] = pq.read_table(path).to_pylist()
    return rows
