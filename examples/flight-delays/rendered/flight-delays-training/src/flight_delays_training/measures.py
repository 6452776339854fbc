"""How good predictions are, by the product's metrics."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)

from .plan import METRIC

Values = NDArray[np.float64]
# What XGBoost watches on the validation window to stop in time.
WATCHED: Final = "logloss"


def measure(label: Values, predicted: Values) -> dict[str, float | None]:
    """Every metric; None where the rows cannot tell (all of one class)."""
    if len(np.unique(label)) < 2:
        return dict.fromkeys(("roc_auc", "average_precision", "brier", "log_loss"))
    return {
        "roc_auc": float(roc_auc_score(label, predicted)),
        "average_precision": float(average_precision_score(label, predicted)),
        "brier": float(brier_score_loss(label, predicted)),
        "log_loss": float(log_loss(label, np.clip(predicted, 1e-7, 1 - 1e-7))),
    }


def score(metrics: Mapping[str, Any]) -> float:
    """The product's metric as a number that is better when higher; not a number if undefined."""
    value = metrics[METRIC]
    return float("nan") if value is None else float(value)


def calibration(label: Values, predicted: Values, bins: int = 10) -> list[dict[str, float]]:
    """Mean prediction beside the observed rate, in bins of equal size from low to high."""
    order = np.argsort(predicted, kind="stable")
    return [
        {
            "rows": len(part),
            "lowest": float(predicted[part[0]]),
            "highest": float(predicted[part[-1]]),
            "predicted": float(predicted[part].mean()),
            "observed": float(label[part].mean()),
        }
        for part in np.array_split(order, bins)
        if len(part)
    ]
