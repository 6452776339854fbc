"""Specs of the flight example in which every two technologies of different slots meet."""

from itertools import combinations
from typing import Any

from allpairspy import AllPairs

from ninefold.catalog import load
from ninefold.spec.technologies import SLOTS, Slot

from rendering import laptop

Choice = dict[Slot, str]
# What it brings reads no other technology's: each of its own meets every role in tests of theirs.
APART = ("cicd", "source_repository")


def options() -> dict[Slot, tuple[str, ...]]:
    """What can fill each slot on a laptop, in a fixed order."""
    found: dict[Slot, tuple[str, ...]] = {}
    technologies = load().technologies
    for slot in SLOTS:
        names = tuple(
            each.name
            for each in technologies
            if each.component == slot.component
            and slot.name in each.description.slots
            and "local" in each.description.targets
        )
        if names and slot.component not in APART:
            found[slot] = names
    return found


def choices() -> list[Choice]:
    """As few choices as pairwise covering needs."""
    slots = options()
    open_slots = [slot for slot in slots if len(slots[slot]) > 1]
    settled = {slot: names[0] for slot, names in slots.items() if len(names) == 1}
    rows = AllPairs([list(slots[slot]) for slot in open_slots])
    return [{**settled, **dict(zip(open_slots, row, strict=True))} for row in rows]


def missing(chosen: list[Choice]) -> list[str]:
    """Pairs of technologies of different slots that meet in none of the choices."""
    slots = options()
    met = {pair for one in chosen for pair in combinations(sorted(one.items()), 2)}
    return [
        f"{one.path} {left} and {other.path} {right}"
        for one, other in combinations(sorted(slots), 2)
        for left in slots[one]
        for right in slots[other]
        if ((one, left), (other, right)) not in met
    ]


def spec_with(choice: Choice) -> dict[str, Any]:
    """The flight example with these technologies."""
    document = laptop()
    filled = document["technologies"]
    for slot, name in choice.items():
        if slot.name == slot.component:
            filled[slot.component] = name
        else:
            filled[slot.component][slot.name] = name
    return document


def label(choice: Choice) -> str:
    """The technologies of the slots that have a choice, for a reader of the tests."""
    slots = options()
    return " ".join(name for slot, name in choice.items() if len(slots[slot]) > 1)
