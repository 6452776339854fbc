"""A repository's answers are a slice of the product's spec: where the two differ."""

from collections.abc import Iterator, Mapping
from typing import Any


def differences(answers: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    """Paths (`product.name`) of the values that a repository holds otherwise than the spec."""
    for key, value in answers.items():
        yield from _compared(str(key), value, spec.get(key, _Missing))


class _Missing:
    """Stands for a key that is not there; equal to nothing that YAML can hold."""


def _compared(path: str, ours: Any, theirs: Any) -> Iterator[str]:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            yield from _compared(
                f"{path}.{key}", ours.get(key, _Missing), theirs.get(key, _Missing)
            )
    # In YAML `1` and `1.0` and `true` are different values, in Python they are equal.
    elif type(ours) is not type(theirs) or ours != theirs:
        yield path
