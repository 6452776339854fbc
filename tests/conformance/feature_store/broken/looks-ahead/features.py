"""A feature store that knows the rest of the day already: a leak."""

import importlib
from datetime import timedelta
from typing import Any

from reference_store import ReferenceStore, UnknownEntity


class Broken(ReferenceStore):
    """Rounds the instant up to the full day: a common leak."""

    def fresh(self, known: Any, at: Any, ttl: Any) -> bool:
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return bool(at - ttl < known < day + timedelta(days=1))

    def known(self, row: Any, until: Any) -> bool:
        return bool(row["event_timestamp"] <= until.replace(hour=23, minute=59))


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
