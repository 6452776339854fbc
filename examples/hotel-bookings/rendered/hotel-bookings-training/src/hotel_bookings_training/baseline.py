"""What the model has to beat: the rate of the rows that agree in a few features."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .plan import BASELINE, LABEL


@dataclass(frozen=True)
class Baseline:
    """Learnt from the same rows as the model."""

    means: Mapping[Any, float]
    overall: float

    @classmethod
    def learn(cls, frame: pd.DataFrame) -> Self:
        """Average the label by group."""
        groups = frame.groupby(list(BASELINE), dropna=False)[LABEL].mean()
        means = {_group(key): float(mean) for key, mean in groups.items()}
        return cls(means, float(frame[LABEL].mean()))

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """The group's average; the overall one where the group is new."""
        rows = zip(*(frame[name] for name in BASELINE), strict=True)
        found = [self.means.get(_group(row), self.overall) for row in rows]
        return np.array(found, dtype=np.float64)


def _group(key: Any) -> tuple[Any, ...]:
    """A missing value is a group of its own; it does not equal itself, so it gets a name."""
    values = key if isinstance(key, tuple) else (key,)
    return tuple(None if pd.isna(value) else value for value in values)
