"""A feature store that answers in the order of its own choice."""

import importlib
from typing import Any

from reference_store import ReferenceStore, UnknownEntity


class Broken(ReferenceStore):
    """Sorts the entities by time."""

    def historical(self, settings: Any, frame: Any) -> Any:
        found = super().historical(settings, frame)
        return found.sort_values("event_timestamp", kind="stable")


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
