"""Port to the feature store: Feast on Parquet.

What `definitions.py` says counts: each process makes Feast's registry from it in a temporary
folder, so nothing that is stored is tied to the place where the family's folder lies.
"""

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import pandas as pd

from .definitions import (
    FEATURES,
    JOIN_KEYS,
    KEY,
    entity,
    feature_views,
)
from .faults import Fault
from .offline import files
from .quick_feast import Entity, FeatureStore, FeatureView, RepoConfig
from .settings import Settings

PROJECT: Final = "flight_delays"
OFFLINE_STORE: Final = f"{__package__}.point_in_time.PointInTimeOfflineStore"
NAMES: Final = list(FEATURES)


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
        found = _store(folder).get_historical_features(asked, references).to_arrow()
    # Of the answer the features alone: it repeats what was asked, whose texts take the longest.
    features = found.select(NAMES).to_pandas().set_axis(entities.index, axis="index")
    return pd.concat([entities, features], axis="columns")


@lru_cache(maxsize=2)
def _store(folder: Path) -> FeatureStore:
    """Feast over the files in a folder, kept open; nothing in the state folder is written."""
    registry = Path(tempfile.mkdtemp(prefix="feast-"))
    store = FeatureStore(config=_config(registry))
    weakref.finalize(store, shutil.rmtree, registry, ignore_errors=True)
    views = feature_views(folder)
    for keyed_by in _entities(views):
        store.registry.apply_entity(keyed_by, PROJECT, commit=False)
    for view in views:
        store.registry.apply_feature_view(view, PROJECT, commit=False)
    store.registry.commit()
    return store


def _config(registry: Path) -> RepoConfig:
    return RepoConfig(
        project=PROJECT,
        provider="local",
        registry={"path": str(registry / "registry.db"), "cache_ttl_seconds": 0},
        online_store=None,
        offline_store={"type": OFFLINE_STORE},
        entity_key_serialization_version=3,
        coerce_tz_aware=False,  # they are; Feast would copy what is asked and convert its instants
        repo_path=registry,
    )


def _entities(views: Sequence[FeatureView]) -> list[Entity]:
    """Every entity once."""
    keys = {key for view in views for key in view.join_keys}
    return [entity(key) for key in sorted(keys)]
