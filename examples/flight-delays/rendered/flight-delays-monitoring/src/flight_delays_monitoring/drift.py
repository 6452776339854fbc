"""How far two tables are apart, column by column, measured by Evidently.

Its own verdicts (a test per column with default thresholds) are not used: between two halves of an
ordinary month they already flag half of the columns. Only the distances are taken.
"""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

from .settings import Settings

# A number's distance is in standard deviations of the reference, a category's from 0 to 1.
METHODS: Final[Mapping[str, str]] = {"number": "wasserstein", "category": "jensenshannon"}
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
    known = {
        name: (bool(reference[name].notna().any()), bool(current[name].notna().any()))
        for name in kinds
    }
    measured = {name: kind for name, kind in kinds.items() if known[name] == (True, True)}
    found = _measured(reference, current, measured)
    return {name: found.get(name, FARTHEST if any(known[name]) else 0.0) for name in kinds}


def _measured(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    kinds: Mapping[str, str],
) -> dict[str, float]:
    if not kinds:
        return {}
    definition = DataDefinition(
        numerical_columns=[name for name, kind in kinds.items() if kind == "number"],
        categorical_columns=[name for name, kind in kinds.items() if kind == "category"],
    )
    report = Report([ValueDrift(column=name, method=METHODS[kinds[name]]) for name in kinds])
    snapshot: Any = report.run(
        Dataset.from_pandas(current[list(kinds)], data_definition=definition),
        Dataset.from_pandas(reference[list(kinds)], data_definition=definition),
    )
    return {
        str(metric["config"]["column"]): float(metric["value"])
        for metric in snapshot.dict()["metrics"]
    }
