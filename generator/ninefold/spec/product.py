"""What the product is."""

from typing import Literal

from ninefold.spec.base import Part
from ninefold.spec.text import Line, Organisation, Slug, Title

ProblemType = Literal["binary-classification", "regression"]


class Product(Part):
    """The product: its name, the problem it solves and what that is worth."""

    name: Slug
    """Start of every derived name, such as flight-delays."""
    title: Title
    """The product's name for readers."""
    organisation: Organisation
    """Organisation (or group) of the code host that the repositories belong to."""
    problem: Line
    """The problem, in the words of those who have it."""
    value: Line
    """What a prediction makes possible."""
    type: ProblemType
    """Kind of prediction."""
