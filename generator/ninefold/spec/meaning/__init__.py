"""What a spec of the right form must also fulfil to mean something."""

from collections.abc import Iterator

from ninefold.spec.meaning import environments, features, model, prediction, rounds, sources
from ninefold.spec.meaning.columns import tables_of
from ninefold.spec.meaning.fault import Fault
from ninefold.spec.meaning.features import advice
from ninefold.spec.spec import Spec

__all__ = ["Fault", "advice", "faults"]


def faults(spec: Spec) -> Iterator[Fault]:
    """Everything in the spec that contradicts itself."""
    tables = tables_of(spec.sources)
    yield from sources.faults(spec, tables)
    yield from prediction.faults(spec, tables)
    yield from features.faults(spec, tables)
    yield from model.faults(spec)
    yield from rounds.faults(spec)
    yield from environments.faults(spec)
