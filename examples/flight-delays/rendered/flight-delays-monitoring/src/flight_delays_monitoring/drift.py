"""How far two tables are apart, column by column, measured by Evidently.

Its own verdicts (a test per column with default thresholds) are not used: between two halves of an
ordinary month they already flag half of the columns. Only the distances are taken, from its tests
directly: a report would draw a picture of each column, which takes four times as long.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import (
    jensenshannon_stat_test,
    wasserstein_stat_test,
)
from evidently.legacy.core import ColumnType

from .settings import Settings

# A number's distance is in standard deviations of the reference, a category's from 0 to 1.
METHODS: Final[Mapping[str, tuple[Any, Any]]] = {
    "number": (wasserstein_stat_test, ColumnType.Numerical),
    "category": (jensenshannon_stat_test, ColumnType.Categorical),
}
FARTHEST: Final = 1.0


def distances(
    settings: Settings,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    kinds: Mapping[str, str],
) -> dict[str, float]:
    """Distance of each column of `kinds` (its type, number or category); 0 is alike.

    Missing values are left out; a column known on one side only is as far apart as can be.
    """
    return {name: _distance(reference[name], current[name], kinds[name]) for name in kinds}


def _distance(reference: "pd.Series[Any]", current: "pd.Series[Any]", kind: str) -> float:
    before, now = _known(reference), _known(current)
    if before.empty or now.empty:
        return FARTHEST if len(before) or len(now) else 0.0
    test, column = METHODS[kind]
    return float(test(before, now, column, None).drift_score)


def _known(column: "pd.Series[Any]") -> "pd.Series[Any]":
    return column.replace([np.inf, -np.inf], np.nan).dropna()
