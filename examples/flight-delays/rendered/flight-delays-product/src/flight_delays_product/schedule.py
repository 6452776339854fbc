"""Which rounds the loop goes through, and what is known of those that it went through."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from .documents import mapping, read_json
from .rounds import Round, decision
from .settings import Settings

# The champion of the first training was tested until here: the first round begins.
TESTED: Final = datetime.fromisoformat("2013-10-01T00:00:00Z").astimezone(UTC)
BY_HAND: Final = "by-hand.txt"


def rounds_of(settings: Settings) -> tuple[Round, ...]:
    """The rounds of this run, in their order.

    Replayed history has the same ones each time. With the wall clock there is one, from the end of
    the last round to now.
    """
    if settings.replay is not None and settings.replayed is not None:
        return _replayed(settings.replayed, settings.replay.until, settings.replay.every)
    if settings.replayed is not None:
        return ()
    done = finished(settings.state)
    start = _end_of(done[-1]) if done else TESTED
    now = settings.clock.replace(second=0, microsecond=0)
    return (Round(start, now),) if start < now else ()


def _replayed(start: datetime, until: datetime, every: timedelta) -> tuple[Round, ...]:
    found = []
    while start < until:
        end = min(start + every, until)
        found.append(Round(start, end))
        start = end
    return tuple(found)


def finished(state: Path) -> tuple[Path, ...]:
    """The folders of rounds that came to their end, in the order of time."""
    found = (state / "rounds").glob("[0-9]*Z")
    return tuple(sorted(place for place in found if (place / "follow.json").is_file()))


def stale(state: Path, rounds: Sequence[Round]) -> tuple[Path, ...]:
    """Folders of rounds that replayed history no longer has."""
    parts = {one.part for one in rounds}
    found = (state / "rounds").glob("[0-9]*Z")
    return tuple(sorted(place for place in found if place.name not in parts))


def forget(state: Path, place: Path) -> None:
    """Remove a round with its run records."""
    for records in (state / "runs").glob(f"*/{place.name}"):
        shutil.rmtree(records, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)


def interval_of(place: Path) -> Round | None:
    """The round that a folder belongs to, as its traffic tells."""
    own = mapping(read_json(place / "traffic.json").get("round"))
    try:
        return Round(
            datetime.fromisoformat(str(own["start"])), datetime.fromisoformat(str(own["end"]))
        )
    except (KeyError, ValueError):
        return None


def promoted_from(state: Path, part: str) -> bool:
    """Whether a challenger was promoted in this round or a later one."""
    found = (state / "rounds").glob("[0-9]*Z")
    return any(place.name >= part and decision(place) == "promoted" for place in found)


def forget_decisions(state: Path, part: str) -> None:
    """Take back what this round and later ones decided, so that they compare again."""
    for place in (state / "rounds").glob("[0-9]*Z"):
        if place.name >= part:
            (place / "comparison.json").unlink(missing_ok=True)


def by_hand(state: Path, one: Round) -> str:
    """Why somebody asked for a retraining in the round; empty when nobody did."""
    try:
        return (state / "rounds" / one.part / BY_HAND).read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def ask_by_hand(state: Path, one: Round, reason: str) -> None:
    """Keep the reason, so that the round comes to the same when it is run again."""
    place = state / "rounds" / one.part
    place.mkdir(parents=True, exist_ok=True)
    (place / BY_HAND).write_text(f"{reason}\n", "utf-8")


def outcomes(state: Path, rounds: Sequence[Round], first: int = 1) -> str:
    """What was decided in each round, in words."""
    lines = []
    for number, one in enumerate(rounds, first):
        place = state / "rounds" / one.part
        watch, comparison, follow = (
            read_json(place / f"{name}.json") for name in ("watch", "comparison", "follow")
        )
        lines.append(f"Round {number}, {one.start:%Y-%m-%d} to {one.end:%Y-%m-%d}")
        lines += [f"  {watch['words']}"] if watch.get("words") else []
        reasons = [str(reason) for reason in comparison.get("reasons") or ()]
        if comparison.get("decision"):
            lines += [f"  {comparison['decision']}", *(f"    {reason}" for reason in reasons)]
        if follow.get("needed"):
            lines.append(f"  {follow['words']}")
    return "\n".join(lines)


def _end_of(place: Path) -> datetime:
    return datetime.strptime(place.name, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
