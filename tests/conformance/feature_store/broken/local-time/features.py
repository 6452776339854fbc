"""A feature store that takes instants for local time."""

import importlib
from typing import Any

from reference_store import ReferenceStore, UnknownEntity


class Broken(ReferenceStore):
    """Loses what UTC means on the way to the disk."""

    def online(self, settings: Any, keys: Any, now: Any) -> Any:
        return super().online(settings, keys, now.astimezone().replace(tzinfo=now.tzinfo))


entities = importlib.import_module(f"{__package__}.entities")
VIEWS = importlib.import_module(f"{__package__}.views").VIEWS
CATEGORIES = [
    name
    for view in VIEWS
    for name in importlib.import_module(f"{__package__}.views.{view.name}").CATEGORIES
]
store = Broken(VIEWS, entities, CATEGORIES)
historical, online, materialise = store.historical, store.online, store.materialise

__all__ = ["UnknownEntity", "historical", "materialise", "online"]
