"""Materialise: fill the feature store's online side with what is known by the clock."""

import json

from . import features
from .run_record import Run
from .settings import Settings


def run(settings: Settings, run: Run) -> None:
    """Build the store anew; whoever reads the old one does so until it is complete."""
    store = run.staged(settings.state / "feature_store")
    until = settings.clock
    rows = features.materialise(settings, store, until)
    for view, count in rows.items():
        run.say(f"{view}: {count:,} rows")
        run.metric(f"{view}_rows", count)
    document = json.dumps({"until": until.isoformat(), "rows": rows}, indent=2)
    (store / "materialised.json").write_text(f"{document}\n", "utf-8")
