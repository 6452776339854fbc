"""The rounds of the loop, read from their documents into what the report shows.

A document or a part of it may be missing or of another kind: then it counts as not there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from .documents import (
    ROUND_DOCUMENTS,
    counts,
    mapping,
    number,
    read_document,
    read_json,
    round_folders,
    sequence,
)

DECISIONS: Final = ("promoted", "refused", "not needed")


@dataclass(frozen=True)
class Window:
    """A metric on the labelled rows of an interval, with what chance leaves open."""

    start: datetime
    end: datetime
    value: float
    low: float | None
    high: float | None
    rows: float | None
    version: str


@dataclass(frozen=True)
class LoopRound:
    """One round: its interval and the documents of its steps."""

    number: int
    part: str
    start: datetime | None
    end: datetime | None
    traffic: Mapping[str, Any]
    watch: Mapping[str, Any]
    retrain: Mapping[str, Any]
    comparison: Mapping[str, Any]
    follow: Mapping[str, Any]
    registration: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The interval in words."""
        if self.start is None or self.end is None:
            return self.part
        return between(self.start, self.end)

    @property
    def decision(self) -> str:
        """What the comparison came to; "not compared yet" without one."""
        said = text(self.comparison.get("decision"))
        return said if said in DECISIONS else "not compared yet"

    @property
    def champion(self) -> str:
        """The version that the round was watched on."""
        return text(mapping(self.watch.get("reference")).get("version")) or text(
            mapping(self.comparison.get("champion")).get("version")
        )

    @property
    def challenger(self) -> str:
        """The version that was trained in this round, empty when none was."""
        return text(mapping(self.comparison.get("challenger")).get("version")) or text(
            self.registration.get("version")
        )

    @property
    def metric(self) -> str:
        """Name of the metric that is watched."""
        return text(mapping(self.watch.get("quality")).get("metric")) or text(
            self.comparison.get("metric")
        )

    @property
    def quality(self) -> Mapping[str, Any]:
        """The part of the watch document about quality."""
        return mapping(self.watch.get("quality"))

    @property
    def weeks(self) -> list[Window]:
        """The metric week by week, where there were labels; of a week, the part in this round."""
        found = [window(one, self.champion) for one in sequence(self.quality.get("weeks"))]
        return [self._within(one) for one in found if one is not None]

    def _within(self, week: Window) -> Window:
        start, end = max(week.start, self.start or week.start), min(week.end, self.end or week.end)
        return replace(week, start=start, end=end) if start < end else week


def rounds(state: Path) -> list[LoopRound]:
    """Every round that left a document, in the order of time."""
    found: list[LoopRound] = []
    for folder in round_folders(state):
        documents = {name: read_json(folder / f"{name}.json") for name in ROUND_DOCUMENTS}
        registration = read_json(folder / "challenger" / "registration.json")
        if not any(documents.values()):
            continue
        start, end = _interval(folder.name, documents.values())
        found.append(
            LoopRound(
                number=len(found) + 1,
                part=folder.name,
                start=start,
                end=end,
                registration=registration,
                **documents,
            )
        )
    return found


def _interval(
    part: str, documents: Iterable[Mapping[str, Any]]
) -> tuple[datetime | None, datetime | None]:
    for document in documents:
        own = mapping(document.get("round"))
        start, end = instant(own.get("start")), instant(own.get("end"))
        if start is not None and end is not None and start < end:
            return start, end
    try:
        return None, datetime.strptime(part, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None, None


def window(value: Any, version: str = "") -> Window | None:
    """A metric on an interval, None when its value or its interval is missing."""
    own = mapping(value)
    start, end, measured = (
        instant(own.get("start")),
        instant(own.get("end")),
        number(own.get("value")),
    )
    if start is None or end is None or measured is None or not start < end:
        return None
    low, high = number(own.get("low")), number(own.get("high"))
    if low is None or high is None:
        low = high = None
    return Window(
        start,
        end,
        measured,
        low,
        high,
        number(own.get("rows")),
        text(own.get("version")) or version,
    )


def thresholds_of(quality: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """The reference value, the spec's threshold, and the value beyond which there is an alert.

    The last two differ where chance alone reaches further than the spec's threshold.
    """
    reference = number(mapping(quality.get("reference")).get("value"))
    allowed = number(quality.get("threshold"))
    if reference is None or allowed is None:
        return None
    chance = number(quality.get("control"))
    sign = -1.0 if quality.get("higher_is_better") is not False else 1.0
    beyond = max(allowed, chance if chance is not None else allowed)
    return reference, reference + sign * allowed, reference + sign * beyond


def version_in_service(state: Path, found: Sequence[LoopRound]) -> tuple[str, datetime | None]:
    """The champion after the last round, and since when it is."""
    for one in reversed(found):
        if one.decision == "promoted" and one.challenger:
            return one.challenger, one.end
    first = text(read_document(state, "registration").get("version"))
    return first or next((one.champion for one in found if one.champion), ""), None


def versions(state: Path, found: Sequence[LoopRound]) -> list[str]:
    """Every version of the model that the rounds know, oldest first."""
    names = {text(read_document(state, "registration").get("version"))}
    for one in found:
        names |= {one.champion, one.challenger, *(week.version for week in one.weeks)}
    return sorted(names - {""}, key=lambda name: (not name.isdigit(), len(name), name))


def requests(found: Sequence[LoopRound]) -> tuple[float, float]:
    """How many requests there were in all, and how many of them failed."""
    asked = failed = 0.0
    for one in found:
        for document in (one.traffic, one.follow):
            numbers = counts(document)
            asked += numbers.get("requests", 0.0)
            failed += numbers.get("failed", 0.0)
    return asked, failed


def text(value: Any) -> str:
    """A text or a number as a text; empty for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def instant(value: Any) -> datetime | None:
    """An instant in UTC, None when the value is none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(date: datetime) -> str:
    """A date as people write it."""
    return f"{date.day} {date:%b %Y}"


def between(start: datetime, end: datetime) -> str:
    """An interval as people write it."""
    if start.date() == end.date():
        return f"{day(start)}, {start:%H:%M} to {end:%H:%M}"
    return (
        f"{start.day} {start:%b}{'' if start.year == end.year else f' {start.year}'} to {day(end)}"
    )
