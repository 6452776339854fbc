"""Broken on purpose: files are checked against a manifest that anybody can replace."""

from pathlib import Path

from .model import package_digest
from .toy import ModelVersion, Promotion, Toy


class Trusting(Toy):
    def verify(self, stored: Path, digest: str) -> None:
        package_digest(stored)


registry = Trusting()
register, promote, load = registry.register, registry.promote, registry.load
current, history = registry.current, registry.history

__all__ = ["ModelVersion", "Promotion", "current", "history", "load", "promote", "register"]
