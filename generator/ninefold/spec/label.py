"""What is predicted."""

from pydantic import Field

from ninefold.spec.base import Part
from ninefold.spec.text import Expression, Identifier, Line


class Label(Part):
    """The value to predict, and when it becomes known."""

    name: Identifier
    expression: Expression
    """True or false for a classification, a number for a regression."""
    known_at: Expression
    """The instant at which the label is known."""
    description: Line
    exclude: dict[Identifier, Expression] = Field(default_factory=dict)
    """Reason: condition under which an entity is counted but kept out of training."""
