"""Port to the feature store: Feast, offline on Parquet and online in SQLite or on a server.

What `definitions.py` says counts: each process makes Feast's registry from it in a temporary
folder, so nothing that is stored is tied to the place where the family's folder lies.
"""

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from .definitions import (
    CATEGORIES,
    FEATURES,
    JOIN_KEYS,
    KEY,
    KEY_VIEW,
    TTLS,
    entity,
    feature_views,
    known_at,
)
from .faults import Fault
from .offline import files
from .quick_feast import Entity, FeatureStore, FeatureView, RepoConfig
from .settings import Settings

PROJECT: Final = "flight_delays"
OFFLINE_STORE: Final = f"{__package__}.point_in_time.PointInTimeOfflineStore"
NAMES: Final = list(FEATURES)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class UnknownEntity(LookupError):
    """A key that the feature store does not know at this instant."""


def historical(settings: Settings, entities: pd.DataFrame) -> pd.DataFrame:
    """The entities in their order, each feature as it was known at their `event_timestamp`.

    `entities` holds `flight_id`, the join keys, `event_timestamp` in UTC and what else is to be
    kept. A feature that is older than the time to live of its view is null.
    """
    asked = entities[[KEY, *JOIN_KEYS, "event_timestamp"]]
    references = [f"{view}:{name}" for name, view in FEATURES.items()]
    with files(settings) as folder:
        for view in dict.fromkeys(FEATURES.values()):
            if not (folder / f"{view}.parquet").is_file():
                raise Fault(f"{folder} has no {view}.parquet; run the step `features` first")
        found = _store(folder, None, "").get_historical_features(asked, references).to_arrow()
    # Of the answer the features alone: it repeats what was asked, whose texts take the longest.
    features = found.select(NAMES).to_pandas().set_axis(entities.index, axis="index")
    return pd.concat([entities, features], axis="columns")


def online(settings: Settings, keys: Sequence[str], now: datetime) -> pd.DataFrame:
    """One row per key in order: key, join keys and the features as they are known at `now`.

    Raises `UnknownEntity` for a key that is not known at `now`.
    """
    address = settings.extra.get("feature_store_online", "")
    if not address:
        return _online(_database(settings), keys, now)
    from . import online_server

    with online_server.told(address):
        try:
            return _online(_store(settings.state / "features", address, ""), keys, now)
        except UnknownEntity:
            online_server.require_filled(address, PROJECT)
            raise


def _database(settings: Settings) -> FeatureStore:
    """Feast over the database file, as it was materialised last."""
    database = Path(settings.extra["feature_store"]) / "online.db"
    try:
        found = database.stat()
    except FileNotFoundError:
        raise Fault(f"{database} is missing; run the step `materialise` first") from None
    # A store that was materialised anew lies in another file: it is opened anew.
    return _store(settings.state / "features", database, f"{found.st_ino} {found.st_mtime_ns}")


def _online(store: FeatureStore, keys: Sequence[str], now: datetime) -> pd.DataFrame:
    known = _read(store, {KEY_VIEW: JOIN_KEYS}, [{KEY: key} for key in keys], now)
    unknown = [key for key, at in zip(keys, known[known_at(KEY_VIEW)], strict=True) if at is None]
    if unknown:
        raise UnknownEntity(f"unknown {KEY}: {', '.join(unknown[:5])}")
    # No row is stored under an empty key: whose key is null has no features.
    rows = [
        {KEY: key, **{name: known[name][at] or "" for name in JOIN_KEYS}}
        for at, key in enumerate(keys)
    ]
    features = _read(store, _names_by_view(), rows, now)
    # Plain arrays: a Series each would be aligned by its index, which takes most of a request.
    types = {name: np.object_ if name in CATEGORIES else np.float64 for name in NAMES}
    return pd.DataFrame(
        {
            KEY: np.array(keys, dtype=np.object_),
            **{name: np.array(known[name], dtype=np.object_) for name in JOIN_KEYS},
            **{name: np.array(features[name], dtype=types[name]) for name in NAMES},
        }
    )


def _names_by_view() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, view in FEATURES.items():
        names.setdefault(view, []).append(name)
    return names


def _read(
    store: FeatureStore,
    names: Mapping[str, Sequence[str]],
    rows: Sequence[Mapping[str, str]],
    now: datetime,
) -> dict[str, list[Any]]:
    """Columns of views, None where they are stale or not yet known at `now`.

    Feast's online stores answer whatever they hold, however old.
    """
    references = [f"{view}:{name}" for view in names for name in (*names[view], known_at(view))]
    answer = store.get_online_features(references, entity_rows=[dict(row) for row in rows])
    columns: dict[str, list[Any]] = answer.to_dict()
    instant = (now - EPOCH) // MICROSECOND
    for view in names:
        oldest = instant - TTLS[view] // MICROSECOND
        fresh = [at is not None and oldest < at <= instant for at in columns[known_at(view)]]
        for name in (*names[view], known_at(view)):
            pairs = zip(columns[name], fresh, strict=True)
            columns[name] = [value if is_fresh else None for value, is_fresh in pairs]
    return columns


@lru_cache(maxsize=2)
def _store(folder: Path, place: Path | str | None, _version: str) -> FeatureStore:
    """Feast over the files in a folder and the online store at a place, kept open.

    Nothing in the state folder is written.
    """
    registry = Path(tempfile.mkdtemp(prefix="feast-"))
    store = FeatureStore(config=_config(registry, _online_store(place)))
    weakref.finalize(store, shutil.rmtree, registry, ignore_errors=True)
    views = feature_views(folder)
    for keyed_by in _entities(views):
        store.registry.apply_entity(keyed_by, PROJECT, commit=False)
    for view in views:
        store.registry.apply_feature_view(view, PROJECT, commit=False)
    store.registry.commit()
    return store


def _online_store(place: Path | str | None) -> Mapping[str, Any] | None:
    if isinstance(place, str):
        from . import online_server

        return online_server.config(place)
    return None if place is None else {"type": "sqlite", "path": str(place)}


def _config(registry: Path, online_store: Mapping[str, Any] | None) -> RepoConfig:
    return RepoConfig(
        project=PROJECT,
        provider="local",
        registry={"path": str(registry / "registry.db"), "cache_ttl_seconds": 0},
        online_store=online_store,
        offline_store={"type": OFFLINE_STORE},
        entity_key_serialization_version=3,
        coerce_tz_aware=False,  # they are; Feast would copy what is asked and convert its instants
        repo_path=registry,
    )


def _entities(views: Sequence[FeatureView]) -> list[Entity]:
    """Every entity once."""
    keys = {key for view in views for key in view.join_keys}
    return [entity(key) for key in sorted(keys)]
