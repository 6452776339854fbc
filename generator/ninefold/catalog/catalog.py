"""All technologies there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ninefold.catalog.technology import Technology


@dataclass(frozen=True)
class Catalog:
    """The technologies by component and name, and the versions that were tested together."""

    technologies: tuple[Technology, ...]
    pins: tuple[str, ...] = ()

    def find(self, component: str, name: str) -> Technology | None:
        """The technology of that name in a component."""
        for each in self.technologies:
            if (each.component, each.name) == (component, name):
                return each
        return None

    def named(self, name: str) -> Sequence[Technology]:
        """The technology of that name in every component that it serves."""
        return [each for each in self.technologies if each.name == name]

    def filling(self, component: str, slot: str) -> Sequence[Technology]:
        """The technologies that can fill a slot."""
        return [
            each
            for each in self.technologies
            if each.component == component and slot in each.description.slots
        ]

    def __iter__(self) -> Iterator[Technology]:
        return iter(self.technologies)
