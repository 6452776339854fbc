"""Which columns a source has once look-ups and derived columns are added."""

from collections.abc import Mapping
from dataclasses import dataclass

from ninefold.spec.sources import NUMERIC, ColumnType, Source


@dataclass(frozen=True)
class Known:
    """A column that expressions, keys and rules can use."""

    type: ColumnType
    nullable: bool

    @property
    def is_number(self) -> bool:
        """Whether rules can compute with it."""
        return self.type in NUMERIC


Table = Mapping[str, Known]


def tables_of(sources: Mapping[str, Source]) -> Mapping[str, Table]:
    """The columns of every source; what cannot be resolved is left out, others report it."""
    return {name: _table(source, sources) for name, source in sources.items()}


def own_columns(source: Source) -> dict[str, Known]:
    """The raw and derived columns, without what look-ups bring."""
    both = {**source.columns, **source.derived}
    return {name: Known(column.type, column.nullable) for name, column in both.items()}


def looked_up(source: Source, sources: Mapping[str, Source]) -> dict[str, Known]:
    """What look-ups bring; a row without a match leaves them empty."""
    found: dict[str, Known] = {}
    for other, lookup in source.lookups.items():
        theirs = own_columns(sources[other]) if other in sources else {}
        for new, old in lookup.columns.items():
            if old in theirs:
                found[new] = Known(theirs[old].type, nullable=True)
    return found


def _table(source: Source, sources: Mapping[str, Source]) -> Table:
    return own_columns(source) | looked_up(source, sources)
