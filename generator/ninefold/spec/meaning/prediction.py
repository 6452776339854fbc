"""Prediction and label: an entity that exists, instants in a sensible order."""

from collections.abc import Iterator, Mapping

from ninefold.spec.meaning.columns import Table
from ninefold.spec.meaning.expressions import expression_faults
from ninefold.spec.meaning.fault import Fault
from ninefold.spec.problem import did_you_mean
from ninefold.spec.spec import Spec
from ninefold.spec.text import span


def faults(spec: Spec, tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Faults of `prediction` and `label`."""
    source = spec.prediction.source
    if source not in tables:
        text = f"there is no source {source} to predict for; {did_you_mean(source, list(tables))}"
        yield Fault(("prediction", "source"), text)
        return
    table = tables[source]
    yield from _key(spec, table)
    yield from _times(spec, table)
    yield from _label(spec, table)


def _key(spec: Spec, table: Table) -> Iterator[Fault]:
    key, source = spec.prediction.key, spec.prediction.source
    place = ("prediction", "key")
    if key not in table:
        yield Fault(place, f"{source} has no column {key}; {did_you_mean(key, list(table))}")
    elif spec.sources[source].key != (key,):
        own = ", ".join(spec.sources[source].key)
        text = (
            f"{key} alone is not the key of {source} ({own}); "
            "derive one column that identifies a row, and make it the key of both"
        )
        yield Fault(place, text)
    elif table[key].type != "string":
        yield Fault(place, f"{key} is no string; derive one with CAST({key} AS VARCHAR)")


def _times(spec: Spec, table: Table) -> Iterator[Fault]:
    at = spec.prediction.at
    place = ("prediction", "at")
    if at not in table:
        text = f"{spec.prediction.source} has no column {at}; {did_you_mean(at, list(table))}"
        yield Fault(place, text)
    elif table[at].type != "timestamp" or table[at].nullable:
        text = f"{at} must be a timestamp that is never missing; derive such a column"
        yield Fault(place, text)
    gone_at = spec.prediction.gone_at
    place = ("prediction", "gone_at")
    for text in expression_faults(gone_at, table, ()) if gone_at else ():
        yield Fault(place, f"prediction.gone_at {text}")
    if gone_at and gone_at in table and table[gone_at].type != "timestamp":
        text = f"{gone_at} is of type {table[gone_at].type}; name a timestamp"
        yield Fault(place, f"prediction.gone_at: {text}")
    if span(spec.prediction.known_before) < span(spec.prediction.lead_time):
        text = (
            "known_before is shorter than lead_time: the entity would not be known yet when it is "
            "predicted; make it at least as long"
        )
        yield Fault(("prediction", "known_before"), text)


def _label(spec: Spec, table: Table) -> Iterator[Fault]:
    label = spec.label
    for name, expression in (("expression", label.expression), ("known_at", label.known_at)):
        for text in expression_faults(expression, table, ()):
            yield Fault(("label", name), f"label.{name} {text}")
    for reason, expression in label.exclude.items():
        for text in expression_faults(expression, table, ()):
            yield Fault(("label", "exclude", reason), f"label.exclude.{reason} {text}")
    if label.known_at in table and table[label.known_at].type != "timestamp":
        kind = table[label.known_at].type
        text = f"{label.known_at} is of type {kind}; name a timestamp"
        yield Fault(("label", "known_at"), f"label.known_at: {text}")
