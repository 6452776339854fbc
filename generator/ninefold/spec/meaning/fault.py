"""A value of the right form that cannot be meant."""

from dataclasses import dataclass

from ninefold.spec.problem import Place


@dataclass(frozen=True)
class Fault:
    """Where and what; the text ends with the remedy."""

    place: Place
    text: str
    on_key: bool = False
