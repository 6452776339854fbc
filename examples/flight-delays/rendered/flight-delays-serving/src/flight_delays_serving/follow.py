"""Step `follow`: the service answers with the champion of its registry, and never stopped doing so.

A comparison that promotes the challenger moves the registry's alias; the service looks there every
few seconds. This step waits for it, and reads what the heartbeat saw meanwhile.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from .faults import Fault
from .heartbeat import beats, path
from .rounds import current, folder, reference
from .run_record import Run
from .running import SERVICE, given
from .settings import Settings

SECONDS: Final = 60.0  # in which the new version must be in service
PAUSE: Final = 0.5  # in which the heartbeat sees it, too


def run(settings: Settings, run: Run) -> None:
    """Write follow.json."""
    place = folder(settings)
    comparison = _read(place / "comparison.json")
    promoted = comparison.get("decision") == "promoted"
    version = (
        str(comparison["challenger"]["version"])
        if promoted
        else str(_read(reference(settings) / "registration.json")["version"])
    )
    since = _began(settings)
    waited = given() is not None and promoted
    if waited:
        _wait_for(settings, version, since)
    seen = beats(settings.state, since)
    document = {
        "needed": promoted,
        "version": version,
        "seconds_until_in_service": _seconds(settings, seen, version) if promoted else None,
        **_continuity(seen),
    }
    document["words"] = _words(document, known=bool(seen))
    if document["failed"]:
        raise Fault(f"{document['words']}; {path(settings.state)} has each of them")
    target = run.staged(place / "follow.json")
    target.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    run.say(document["words"])
    run.metric("requests", document["requests"])
    run.metric("longest_gap_ms", document["longest_gap_ms"])


def _wait_for(settings: Settings, version: str, since: datetime) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        seen = beats(settings.state, since)
        if any(beat.get("version") == version for beat in seen[-3:]):
            time.sleep(PAUSE)
            return
        time.sleep(0.2)
    raise Fault(
        f"version {version} is the champion, but the service does not answer with it after "
        f"{SECONDS:.0f} s; its log says why"
    )


def _began(settings: Settings) -> datetime:
    """When the round's first step of this repository ran."""
    record = settings.state / "runs" / "traffic" / current(settings).part / "latest.json"
    return datetime.fromisoformat(_read(record)["started"])


def _seconds(settings: Settings, seen: Sequence[Mapping[str, Any]], version: str) -> float | None:
    """From the end of the comparison to the first answer of the new version."""
    record = settings.state / "runs" / "compare" / current(settings).part / "latest.json"
    moved = datetime.fromisoformat(_read(record)["finished"]).astimezone(UTC)
    first = next((beat["at"] for beat in seen if beat.get("version") == version), None)
    if first is None:
        return None
    return round(max((datetime.fromisoformat(first) - moved).total_seconds(), 0.0), 3)


def _continuity(seen: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the heartbeat saw: questions, those without an answer, the longest time without one."""
    answered = [beat for beat in seen if beat["status"] == 200]
    ends = [datetime.fromisoformat(beat["at"]).timestamp() + beat["ms"] / 1000 for beat in answered]
    gaps = [1000 * (after - before) for before, after in pairwise(ends)]
    return {
        "requests": len(seen),
        "failed": len(seen) - len(answered),
        "longest_gap_ms": round(max(gaps, default=0.0), 1),
        "same_process": len({beat["process"] for beat in answered}) <= 1,
    }


def _words(document: Mapping[str, Any], *, known: bool) -> str:
    which = f"version {document['version']}"
    moved = f"{which} is in service" if document["needed"] else f"not needed: {which} stays"
    if document["seconds_until_in_service"] is not None:
        moved += f" {document['seconds_until_in_service']:.1f} s after its promotion"
    if not known:
        return f"{moved}; no heartbeat was kept (set {SERVICE} to a running service)"
    how = "the same process" if document["same_process"] else "more than one process"
    return (
        f"{moved}; {document['failed']} of {document['requests']} requests failed, {how} answered"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise Fault(f"{path} is missing or damaged; run the round again") from None
    return document
