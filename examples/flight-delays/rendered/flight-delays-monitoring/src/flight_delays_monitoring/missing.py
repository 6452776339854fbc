"""Missing values: how much of each feature there was not, then and now."""

from typing import Any

import pandas as pd

from .plan import FEATURES, FEWEST_ROWS, NULL_SHARE


def null_shares(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """By feature: its share of missing values in both tables, and whether it is too large.

    What was missing as often in training is what the model knows; only an increase is a fault.
    """
    return {name: _null_share(reference[name], current[name]) for name in FEATURES}


def _null_share(reference: "pd.Series[Any]", current: "pd.Series[Any]") -> dict[str, Any]:
    before = float(reference.isna().mean()) if len(reference) else 0.0
    now = float(current.isna().mean()) if len(current) else 0.0
    exceeded = len(current) >= FEWEST_ROWS and now > max(NULL_SHARE, before)
    return {"reference": before, "current": now, "threshold": NULL_SHARE, "exceeded": exceeded}
