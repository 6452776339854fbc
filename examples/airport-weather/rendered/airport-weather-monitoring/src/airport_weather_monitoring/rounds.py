"""Rounds: history goes on after the first model, one interval after the other.

A round's documents are in `rounds/<part>/` of the state folder. The file is the same, byte for byte,
in every repository that runs steps of a round.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .faults import Fault

if TYPE_CHECKING:
    from .settings import Settings


@dataclass(frozen=True)
class Round:
    """An interval of history: what was asked after `start` and up to `end`."""

    start: datetime
    end: datetime

    @property
    def part(self) -> str:
        """Its folder's name: the end, so that names sort by time."""
        return f"{self.end:%Y%m%dT%H%MZ}"

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%M:%SZ}/{self.end:%Y-%m-%dT%H:%M:%SZ}"


def parse(text: str) -> Round:
    """Read `START/END`; `Fault` says what is wrong with it."""
    first, _, last = text.partition("/")
    try:
        start, end = _instant(first), _instant(last)
    except ValueError:
        raise Fault(
            f"--round {text} is no interval of whole minutes; "
            "write START/END as 2026-01-01T12:00:00Z/2026-02-01T12:00:00Z"
        ) from None
    if start >= end:
        raise Fault(f"--round {text} ends before it starts; exchange its instants")
    return Round(start, end)


def folder(settings: "Settings") -> Path:
    """Where the documents of this round are."""
    return settings.state / "rounds" / current(settings).part


def current(settings: "Settings") -> Round:
    """The round that this step belongs to."""
    if settings.round is None:
        raise Fault("this needs a round; name it: --round START/END")
    return settings.round


def reference(settings: "Settings") -> Path:
    """The folder with the champion's dossier when this round began.

    It holds dataset/, model/, search.json, evaluation.json and registration.json: those of the
    challenger that was promoted last before this round, else those of the first training.
    """
    before = current(settings).part
    earlier = sorted(
        place
        for place in (settings.state / "rounds").glob("[0-9]*Z")
        if place.name < before and decision(place) == "promoted"
    )
    return earlier[-1] / "challenger" if earlier else settings.state / "training"


def decision(place: Path) -> str:
    """What the comparison in a round's folder came to; empty when there was none yet."""
    try:
        document = json.loads((place / "comparison.json").read_text("utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        raise Fault(f"{place / 'comparison.json'} is damaged; run that round again") from None
    return str(document.get("decision", ""))


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.second or instant.microsecond:
        raise ValueError(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
