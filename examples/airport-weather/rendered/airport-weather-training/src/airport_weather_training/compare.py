"""Step compare: the challenger becomes a version, meets the champion, and takes over or not."""

import json
from typing import Any

from . import rounds
from .dossiers import read_document
from .plan import BETTER_BY, CONFIDENCE, HIGHER_IS_BETTER, METRIC
from .run_record import Run
from .settings import Settings


def run(settings: Settings, run: Run) -> None:
    """Write comparison.json, and the challenger's registration.json when there is one."""
    place = rounds.folder(settings)
    retrained = read_document(place / "retrain.json")
    registration = place / "challenger" / "registration.json"
    document: dict[str, Any] = {
        "round": retrained["round"],
        "compared": False,
        "decision": "not needed",
        "reasons": [retrained["words"]],
        "metric": METRIC,
        "higher_is_better": HIGHER_IS_BETTER,
        "better_by": BETTER_BY,
        "confidence": CONFIDENCE,
        "window": None,
        "champion": {"version": None, "metrics": {}},
        "challenger": {"version": None, "metrics": {}},
        "difference": None,
        "interval": None,
        "better_share": None,
        "weeks": [],
        "slices": [],
    }
    if retrained["trained"]:
        # Most rounds have no challenger: only one that has waits for what the registry imports.
        from .meeting import meet

        document.update(meet(settings, run, place, run.staged(registration)))
    else:
        run.leave_out(registration)
    for reason in document["reasons"]:
        run.say(reason)
    run.say(f"challenger: {document['decision']}")
    run.metric("promoted", document["decision"] == "promoted")
    path = run.staged(place / "comparison.json")
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
