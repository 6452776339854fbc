"""Broken: everything is far from everything."""

from collections.abc import Mapping
from typing import Any


def distances(
    settings: Any, reference: Any, current: Any, kinds: Mapping[str, str]
) -> dict[str, float]:
    return dict.fromkeys(kinds, 1.0)
