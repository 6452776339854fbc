"""Broken on purpose: only the last promotion is kept."""

from collections.abc import Mapping
from typing import Any

from .toy import ModelVersion, Promotion, Toy


class Forgetful(Toy):
    def remember(self, history: list[Any], entry: Mapping[str, Any]) -> None:
        history[:] = [entry]


registry = Forgetful()
register, promote, load = registry.register, registry.promote, registry.load
current, history = registry.current, registry.history

__all__ = ["ModelVersion", "Promotion", "current", "history", "load", "promote", "register"]
