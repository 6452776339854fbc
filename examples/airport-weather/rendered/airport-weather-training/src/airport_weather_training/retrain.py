"""Step retrain: a challenger from all that is known at the end of the round, if watch asks for one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from . import rounds, windows
from .dossiers import read_document
from .plan import Window
from .run_record import Run
from .settings import Settings

# What the challenger's folder holds, as the folder of the first model does.
PARTS: Final = ("dataset", "model", "search.json", "evaluation.json")


def run(settings: Settings, run: Run) -> None:
    """Write retrain.json, and the challenger's dossier when there is one."""
    place, now = rounds.folder(settings), rounds.current(settings)
    watched = read_document(place / "watch.json")
    planned = windows.until(now.end)
    made, words = _made(settings, run, place / "challenger", watched, planned)
    if not made:
        for part in PARTS:
            run.leave_out(place / "challenger" / part)
    document: dict[str, Any] = {
        "round": {"start": now.start.isoformat(), "end": now.end.isoformat()},
        "trained": bool(made),
        "words": words,
        "windows": {
            name: [window.start.isoformat(), window.end.isoformat()]
            for name, window in planned.items()
        },
        "rows": {},
        "parameters": {},
        "rounds": None,
        **made,
    }
    run.say(words)
    run.metric("trained", bool(made))
    path = run.staged(place / "retrain.json")
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def _made(
    settings: Settings,
    run: Run,
    folder: Path,
    watched: Mapping[str, Any],
    planned: Mapping[str, Window],
) -> tuple[dict[str, Any], str]:
    """What the challenger was made of, or nothing, and why."""
    if not watched["retrain"]:
        return {}, "no rule asked for a challenger"
    if planned["train"].start >= planned["train"].end:
        return {}, "not possible: the history is shorter than the windows of a challenger"
    # Most rounds end here: only one that trains waits for what training imports.
    from .challenger import make

    made, poor = make(settings, run, folder, planned)
    if poor:
        return {}, f"not possible: {poor}"
    fired = [str(one["words"]) for one in watched["triggers"] if one["fired"]]
    return made, f"trained: {' '.join(fired)}"
