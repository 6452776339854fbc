"""Broken on purpose: models are stored as pickles as well."""

import pickle
from collections.abc import Mapping
from pathlib import Path

from .toy import ModelVersion, Promotion, Toy


class Pickling(Toy):
    def store(self, package: Path, stored: Path, metrics: Mapping[str, float]) -> None:
        super().store(package, stored, metrics)
        (stored / "extra").write_bytes(pickle.dumps(dict(metrics)))


registry = Pickling()
register, promote, load = registry.register, registry.promote, registry.load
current, history = registry.current, registry.history

__all__ = ["ModelVersion", "Promotion", "current", "history", "load", "promote", "register"]
