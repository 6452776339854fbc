"""Broken: only numbers are measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def number(one: Any, other: Any, norm: float) -> float:
    shares = np.linspace(0.005, 0.995, 200)
    return float(np.abs(np.quantile(one, shares) - np.quantile(other, shares)).mean() / norm)


def category(one: Any, other: Any) -> float:
    left, right = one.value_counts(normalize=True), other.value_counts(normalize=True)
    return float(left.sub(right, fill_value=0).abs().sum() / 2)


def known(column: Any) -> Any:
    return column.dropna()


def distances(
    settings: Any, reference: pd.DataFrame, current: pd.DataFrame, kinds: Mapping[str, str]
) -> dict[str, float]:
    found = dict.fromkeys(kinds, 0.0)
    for name, kind in kinds.items():
        one, other = known(reference[name]), known(current[name])
        if one.empty != other.empty:
            found[name] = 1.0
        elif kind == "number" and not one.empty:
            found[name] = number(one, other, max(float(one.std()), 0.001))
    return found
