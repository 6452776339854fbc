"""What a search looks for and what it finds, whatever compute runs it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .faults import Fault


@dataclass(frozen=True)
class Range:
    """Values that a parameter may take, both ends included."""

    minimum: float
    maximum: float
    integer: bool = False
    log: bool = False


@dataclass(frozen=True)
class Trial:
    """One point that was tried; without a value it failed."""

    number: int
    parameters: Mapping[str, Any]
    value: float | None
    error: str | None
    seconds: float


@dataclass(frozen=True)
class SearchResult:
    """The best point and all that were tried."""

    parameters: Mapping[str, Any]
    value: float
    trials: tuple[Trial, ...]


def best_of(trials: Iterable[Trial]) -> SearchResult:
    """The trial with the highest value, the earlier one of equals; `Fault` when all failed."""
    tried = tuple(trials)
    ended = [(trial.value, -trial.number, trial) for trial in tried if trial.value is not None]
    if not ended:
        reason = tried[0].error if tried else "there were none"
        raise Fault(f"all {len(tried)} trials of the search failed ({reason}); mend that first")
    value, _, best = max(ended, key=lambda item: item[:2])
    return SearchResult(best.parameters, value, tried)
