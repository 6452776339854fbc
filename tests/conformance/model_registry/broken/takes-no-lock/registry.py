"""Broken on purpose: two writers overwrite each other."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .toy import ModelVersion, Promotion, Toy


class Lockless(Toy):
    def lock(self, stream: Any) -> None:
        assert stream

    def write(self, path: Path, index: Mapping[str, Any]) -> None:
        time.sleep(0.05)
        partial = path.with_name(f"{os.getpid()}.json")
        super().write(partial, index)
        partial.replace(path)


registry = Lockless()
register, promote, load = registry.register, registry.promote, registry.load
current, history = registry.current, registry.history

__all__ = ["ModelVersion", "Promotion", "current", "history", "load", "promote", "register"]
