"""The sources of hotel-bookings, one module each."""

from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Final

from ..tables import Source
from . import (
    bookings,
)

SOURCES: Final[Mapping[str, Source]] = {
    "bookings": bookings.SOURCE,
}


def in_order() -> tuple[Source, ...]:
    """Each source after those that it looks things up in."""
    needs = {name: [found.source for found in source.lookups] for name, source in SOURCES.items()}
    return tuple(SOURCES[name] for name in TopologicalSorter(needs).static_order())
