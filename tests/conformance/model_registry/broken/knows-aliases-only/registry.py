"""Broken on purpose: a version that is named itself is taken for an alias."""

from .toy import ModelVersion, Promotion, Toy


class OfAliases(Toy):
    def numbered(self, name: str) -> str | None:
        return None


registry = OfAliases()
register, promote, load = registry.register, registry.promote, registry.load
current, history = registry.current, registry.history

__all__ = ["ModelVersion", "Promotion", "current", "history", "load", "promote", "register"]
