"""What is wrong with a spec, where, and how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ninefold.errors import NinefoldError

# Nobody reads more than this at once.
_MOST = 100
# The way to a value: keys and positions from the top of the document.
Place = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong; the text says what, then after a semicolon how to mend it."""

    line: int
    text: str


class SpecError(NinefoldError):
    """The spec cannot be used; one line for each problem."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        lines = [f"{name}:{each.line}: {each.text}" for each in self.problems[:_MOST]]
        more = len(self.problems) - len(lines)
        if more:
            lines.append(f"{name}:{self.problems[_MOST].line}: and {more} more; mend these first")
        super().__init__("\n".join(lines))


def path_of(place: Place) -> str:
    """Write a place as in `model.split.train[0]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The remedy for an unknown word: the nearest known one, else all of them."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    if not known:
        return "there is none to choose from; remove it"
    if len(known) == 1:
        return f"write {known[0]}"
    return f"use one of {', '.join(known)}"
