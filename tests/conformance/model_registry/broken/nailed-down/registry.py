"""Broken on purpose: absolute locations break when the state folder moves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .settings import Settings
from .toy import ModelVersion, Promotion, Toy


class NailedDown(Toy):
    def place(self, settings: Settings, version: str, entry: Mapping[str, Any]) -> Path:
        return Path(entry["at"])


registry = NailedDown()
register, promote, load = registry.register, registry.promote, registry.load
current, history = registry.current, registry.history

__all__ = ["ModelVersion", "Promotion", "current", "history", "load", "promote", "register"]
