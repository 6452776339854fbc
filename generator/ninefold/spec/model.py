"""How the model is trained, and when it is good enough."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ninefold.spec.base import Part
from ninefold.spec.text import Identifier, Instant, refused

Window = tuple[Instant, Instant]
Metric = Literal["roc_auc", "average_precision", "brier", "log_loss", "rmse", "mae", "r2"]
METRICS: dict[str, tuple[Metric, ...]] = {
    "binary-classification": ("roc_auc", "average_precision", "brier", "log_loss"),
    "regression": ("rmse", "mae", "r2"),
}


class Split(Part):
    """Left-closed, right-open windows over the as-of time, one after the other."""

    train: Window
    validation: Window
    test: Window


class Span(Part):
    """A range that the search draws from."""

    type: Literal["integer", "number"]
    minimum: float
    maximum: float
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _ordered(self) -> "Span":
        if self.minimum >= self.maximum:
            raise refused("its minimum is not below its maximum; mend one of them")
        if self.scale == "log" and self.minimum <= 0:
            raise refused("a log scale needs a minimum above 0; raise it or use scale: linear")
        if self.type == "integer" and not (self.minimum % 1 == self.maximum % 1 == 0):
            raise refused("an integer has whole bounds; round them or use type: number")
        return self


class Search(Part):
    """The search for hyperparameters."""

    trials: Annotated[int, Field(ge=1, le=10_000)]
    space: Annotated[dict[Identifier, Span], Field(min_length=1)]


class AtLeast(Part):
    """Acceptance by a metric of which more is better."""

    metric: Literal["roc_auc", "average_precision", "r2"]
    minimum: float
    better_than_baseline_by: Annotated[float, Field(ge=0)]


class AtMost(Part):
    """Acceptance by a metric of which less is better."""

    metric: Literal["brier", "log_loss", "rmse", "mae"]
    maximum: Annotated[float, Field(gt=0)]
    better_than_baseline_by: Annotated[float, Field(ge=0)]


class Model(Part):
    """The model, its training and its acceptance."""

    algorithm: Literal["gradient-boosting"]
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    split: Split
    search: Search
    slices: tuple[Identifier, ...]
    """Categories for which the evaluation is shown separately."""
    baseline: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """The few features of the simple model that must be beaten."""
    acceptance: Annotated[AtLeast | AtMost, Field(discriminator="metric")]
