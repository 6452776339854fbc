"""Sources: names used once, keys and times that exist, look-ups that lead somewhere."""

import sys
from collections.abc import Iterator, Mapping
from itertools import chain

from ninefold.spec.meaning.columns import Table, looked_up, own_columns
from ninefold.spec.meaning.expressions import expression_faults
from ninefold.spec.meaning.fault import Fault
from ninefold.spec.problem import Place, did_you_mean
from ninefold.spec.sources import Source
from ninefold.spec.spec import Spec

# Columns that ingestion and the feature steps add themselves.
ROW_NUMBER = "source_row"
RESERVED = (ROW_NUMBER, "event_timestamp", "excluded", "label_known_at", "month_partition")


def faults(spec: Spec, tables: Mapping[str, Table]) -> Iterator[Fault]:
    """All faults of all sources."""
    for name, source in spec.sources.items():
        place: Place = ("sources", name)
        if name in sys.stdlib_module_names:
            text = f"the source {name} is called as a module of Python; choose another name"
            yield Fault(place, text, True)
        yield from _names(source, place)
        yield from _keys(name, source, tables[name], place)
        yield from _lookups(name, source, spec.sources, place)
        yield from _derived(source, spec.sources, place)
    yield from _circles(spec.sources)


def _names(source: Source, place: Place) -> Iterator[Fault]:
    """Every column has one origin."""
    seen: dict[str, str] = {}
    named = chain(
        (("columns", name, (*place, "columns", name)) for name in source.columns),
        (
            (f"lookups.{other}", name, (*place, "lookups", other, "columns", name))
            for other, lookup in source.lookups.items()
            for name in lookup.columns
        ),
        (("derived", name, (*place, "derived", name)) for name in source.derived),
    )
    for kind, name, where in named:
        if name in RESERVED:
            yield Fault(where, f"{name} is added by ingestion itself; choose another name", True)
        if name in seen:
            text = f"{name} stands in {seen[name]} and in {kind}; rename one of them"
            yield Fault(where, text, True)
        seen.setdefault(name, kind)


def _keys(name: str, source: Source, table: Table, place: Place) -> Iterator[Fault]:
    for at, column in enumerate(source.key):
        if column not in table:
            text = f"{name} has no column {column} for its key; {did_you_mean(column, list(table))}"
            yield Fault((*place, "key", at), text)
    if len(set(source.key)) < len(source.key):
        yield Fault((*place, "key"), "the key names a column twice; remove one")
    time = source.event_time
    if time is not None and time not in table:
        text = f"{name} has no column {time} for its event_time; {did_you_mean(time, list(table))}"
        yield Fault((*place, "event_time"), text)
    elif time is not None and table[time].type != "timestamp":
        text = f"event_time {time} is of type {table[time].type}; name a column of type timestamp"
        yield Fault((*place, "event_time"), text)


def _lookups(
    name: str, source: Source, sources: Mapping[str, Source], place: Place
) -> Iterator[Fault]:
    own = own_columns(source)
    for other, lookup in source.lookups.items():
        where = (*place, "lookups", other)
        if other not in sources:
            text = f"there is no source {other} to look up; {did_you_mean(other, list(sources))}"
            yield Fault(where, text, True)
            continue
        theirs = own_columns(sources[other])
        for mine in lookup.match:
            if mine not in own:
                text = f"{name} has no column {mine} to match; {did_you_mean(mine, list(own))}"
                yield Fault((*where, "match", mine), text, True)
        if set(lookup.match.values()) != set(sources[other].key):
            key = ", ".join(sources[other].key)
            text = f"a look-up in {other} must match its whole key ({key}); match exactly these"
            yield Fault((*where, "match"), text, True)
        for new, old in lookup.columns.items():
            if old not in theirs:
                text = f"{other} has no column {old}; {did_you_mean(old, list(theirs))}"
                yield Fault((*where, "columns", new), text)


def _derived(source: Source, sources: Mapping[str, Source], place: Place) -> Iterator[Fault]:
    known = {ROW_NUMBER, *source.columns, *looked_up(source, sources)}
    later = list(source.derived)
    for name, column in source.derived.items():
        # Its own name stays in `later`, so that it cannot be made of itself.
        for text in expression_faults(column.expression, known, later):
            where = (*place, "derived", name, "expression")
            yield Fault(where, f"derived column {name} {text}")
        later.remove(name)
        known.add(name)


def _circles(sources: Mapping[str, Source]) -> Iterator[Fault]:
    """A source must be complete before another looks something up in it."""
    for name in sources:
        reached: set[str] = set()
        waiting = list(sources[name].lookups)
        while waiting:
            other = waiting.pop()
            if other in sources and other not in reached:
                reached.add(other)
                waiting.extend(sources[other].lookups)
        if name in reached:
            text = f"{name} looks itself up, directly or through others; remove one look-up"
            yield Fault(("sources", name, "lookups"), text, True)
