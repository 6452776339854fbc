"""When a model is trained anew, and when the new one takes over."""

from typing import Annotated, Literal

from pydantic import Field

from ninefold.spec.base import Part
from ninefold.spec.text import Duration


class Triggers(Part):
    """What makes a round train a challenger; each is off where it is left out or null."""

    quality_drop: Annotated[float, Field(gt=0)] | None = None
    """The acceptance metric is worse than on the champion's test window by more than this."""
    drift: bool = False
    """An alarm of drift alone is enough, before labels confirm it."""
    every: Duration | None = None
    """So long after the champion's training window ended, whatever the figures say."""
    new_rows: Annotated[int, Field(ge=1)] | None = None
    """So many rows have got their label since the champion was trained."""


class Promotion(Part):
    """When the challenger replaces the champion: judged on rows that neither has seen."""

    better_by: Annotated[float, Field(ge=0)] = 0.0
    """The challenger is better by more than this in the acceptance metric."""
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.9
    """In at least this share of resamples of the window's days."""


class Retraining(Part):
    """How the loop leads from monitoring back to training."""

    triggers: Triggers
    """What starts it; it can always be started by hand."""
    window: Duration
    """The latest labelled rows, on which champion and challenger are compared."""
    search: Literal["reuse", "again"] = "reuse"
    """Take the champion's parameters, or search them again."""
    promotion: Promotion = Promotion()
    """What the challenger must show."""
