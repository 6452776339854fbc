"""Broken on purpose: nothing is checked when a package is loaded."""

from pathlib import Path

from .toy import ModelVersion, Promotion, Toy


class Credulous(Toy):
    def verify(self, stored: Path, digest: str) -> None:
        assert stored.is_dir()


registry = Credulous()
register, promote, load = registry.register, registry.promote, registry.load
current, history = registry.current, registry.history

__all__ = ["ModelVersion", "Promotion", "current", "history", "load", "promote", "register"]
