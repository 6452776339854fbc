"""Feature views: keys that entities have, rules over columns that exist, names used once."""

import builtins
import sys
from collections.abc import Iterator, Mapping

from ninefold.names import entity_view_name
from ninefold.spec.features import Aggregate, Calendar, Category, Ratio, Rule, Value, View
from ninefold.spec.meaning.columns import Table
from ninefold.spec.meaning.expressions import columns_used, expression_faults
from ninefold.spec.meaning.fault import Fault
from ninefold.spec.problem import Place, did_you_mean
from ninefold.spec.spec import Spec
from ninefold.spec.text import span

# Columns that stand beside the features in some file or message.
_TAKEN = (
    "event_timestamp", "label_known_at", "excluded", "source_row", "prediction", "prediction_id",
    "request_id", "model_version", "predicted_at", "as_of", "mode", "duration_ms", "at", "key",
)  # fmt: skip
# A rule becomes a function of its view's module: these names stand there already.
_FUNCTIONS = frozenset({*dir(builtins), "duckdb", "feature_rows", "relations", "timedelta"})


def faults(spec: Spec, tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Faults of all views and of their names beside each other."""
    for name, view in spec.features.items():
        place: Place = ("features", name)
        if view.source not in tables:
            text = f"there is no source {view.source}; {did_you_mean(view.source, list(tables))}"
            yield Fault((*place, "source"), text)
            continue
        yield from _keys(spec, name, tables)
        for text in expression_faults(view.available_at, tables[view.source], ()):
            yield Fault((*place, "available_at"), f"available_at of {name} {text}")
        for rule_name, rule in view.rules.items():
            yield from _rule(rule_name, rule, view, tables[view.source], place)
    yield from _entity_views(spec)
    yield from _names(spec)


def advice(spec: Spec) -> Iterator[str]:
    """What can be meant, but seldom is."""
    direct = columns_used(spec.label.expression)
    for name, view in spec.features.items():
        for rule_name, rule in view.rules.items():
            window = getattr(rule, "window", None)
            if window and span(window) > span(view.ttl):
                yield (
                    f"features.{name}: {rule_name} looks back {window}, but is dropped after "
                    f"{view.ttl}; make ttl at least as long"
                )
            if view.by == (spec.prediction.key,) and direct & set(_columns(rule)):
                yield (
                    f"features.{name}: {rule_name} uses what the label is made of; "
                    "that is seldom known when the prediction is made"
                )


def _columns(rule: Rule) -> tuple[str, ...]:
    if isinstance(rule, Ratio):
        return (rule.numerator, rule.denominator)
    return (rule.of,)


def _keys(spec: Spec, name: str, tables: Mapping[str, Table]) -> Iterator[Fault]:
    view = spec.features[name]
    home = spec.prediction.source
    for at, column in enumerate(view.by):
        place: Place = ("features", name, "by", at)
        for source in dict.fromkeys((view.source, home)):
            table = tables.get(source)
            if table is not None and column not in table:
                text = (
                    f"{source} has no column {column}, by which {name} is keyed; "
                    f"{did_you_mean(column, list(table))}"
                )
                yield Fault(place, text)
            elif table is not None and table[column].type != "string":
                text = f"{column} is no string in {source}; derive one with CAST(... AS VARCHAR)"
                yield Fault(place, text)
    if len(set(view.by)) < len(view.by):
        yield Fault(("features", name, "by"), f"{name} is keyed twice by a column; remove one")


def _rule(name: str, rule: Rule, view: View, table: Table, place: Place) -> Iterator[Fault]:
    fields = ("numerator", "denominator") if isinstance(rule, Ratio) else ("of",)
    for field, column in zip(fields, _columns(rule), strict=True):
        where = (*place, "rules", name, field)
        if column not in table:
            text = f"{view.source} has no column {column}; {did_you_mean(column, list(table))}"
            yield Fault(where, f"{name}: {text}")
            continue
        fault = _type_fault(rule, column, table)
        if fault:
            yield Fault(where, f"{name}: {fault}")


def _type_fault(rule: Rule, column: str, table: Table) -> str | None:
    kind = table[column].type
    counts = isinstance(rule, Aggregate) and rule.function == "count"
    if isinstance(rule, Calendar):
        if kind != "timestamp":
            return f"{column} is of type {kind}; a calendar rule needs a timestamp"
    elif isinstance(rule, Category):
        if kind in ("number", "timestamp"):
            return f"{column} is of type {kind}; a category is a string, integer or boolean"
    elif isinstance(rule, Value | Ratio | Aggregate) and not counts and not table[column].is_number:
        return f"{column} is of type {kind}; this rule needs a number"
    return None


def _entity_views(spec: Spec) -> Iterator[Fault]:
    """At most one view describes the entity itself; no other one is keyed by it."""
    key = spec.prediction.key
    first: str | None = None
    for name, view in spec.features.items():
        place: Place = ("features", name, "by")
        if key not in view.by:
            continue
        if view.by != (key,):
            yield Fault(place, f"{name} is keyed by {key} and more; {key} alone is enough")
        elif view.source != spec.prediction.source:
            text = f"{name} is keyed by {key}, so its source must be {spec.prediction.source}"
            yield Fault(("features", name, "source"), f"{text}; look its columns up there")
        elif first:
            yield Fault(place, f"{first} is keyed by {key} as well; move the rules into one view")
        else:
            first = name


def _names(spec: Spec) -> Iterator[Fault]:
    """Features stand side by side in one table, with keys, label and times."""
    keys = {spec.prediction.key, *(key for view in spec.features.values() for key in view.by)}
    keys.add(spec.prediction.at)
    if spec.label.name in keys or spec.label.name in _TAKEN:
        text = f"the label cannot be called {spec.label.name}, as a key or time is; rename it"
        yield Fault(("label", "name"), text)
    automatic = entity_view_name(spec.prediction.entity)
    seen: dict[str, str] = {}
    for name, view in spec.features.items():
        if name == automatic or name == "entities":
            text = f"the view {name} is made automatically; choose another name"
            yield Fault(("features", name), text, True)
        if name in sys.stdlib_module_names:
            text = f"the view {name} is called as a module of Python; choose another name"
            yield Fault(("features", name), text, True)
        for rule in view.rules:
            place: Place = ("features", name, "rules", rule)
            if rule in _FUNCTIONS:
                text = f"{rule} is a name of Python or of the rendered code; choose another name"
                yield Fault(place, text, True)
            if rule in seen:
                text = f"{rule} is a feature of {seen[rule]} already; choose another name"
                yield Fault(place, text, True)
            elif rule in keys or rule in _TAKEN:
                text = f"the feature {rule} is called as a key or time is; choose another name"
                yield Fault(place, text, True)
            elif rule == spec.label.name:
                text = f"the feature {rule} is called as the label is; choose another name"
                yield Fault(place, text, True)
            seen.setdefault(rule, name)
