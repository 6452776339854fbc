"""A repository's answers are a slice of the product's spec: where the two differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class Missing:
    """Stands for a key that is not there; equal to nothing that YAML can hold."""


@dataclass(frozen=True)
class Difference:
    """A value that a repository holds otherwise than the spec; `Missing` where there is none."""

    path: str
    ours: Any
    theirs: Any


def differences(answers: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    """Paths (`product.name`) of the values that a repository holds otherwise than the spec."""
    for difference in compared(answers, spec):
        yield difference.path


def compared(answers: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[Difference]:
    """The same with both values, in the order of the answers."""
    for key, value in answers.items():
        yield from _compared(str(key), value, spec.get(key, Missing))


def _compared(path: str, ours: Any, theirs: Any) -> Iterator[Difference]:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            yield from _compared(f"{path}.{key}", ours.get(key, Missing), theirs.get(key, Missing))
    # In YAML `1` and `1.0` and `true` are different values, in Python they are equal.
    elif type(ours) is not type(theirs) or ours != theirs:
        yield Difference(path, ours, theirs)
