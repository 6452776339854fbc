"""Takes extras for fields, whatever their names and types."""

import json
from typing import Any

from .settings import Settings
from .sound import LARGEST, Sound, failed
from .sound import configure as base

__all__ = ["LARGEST", "configure", "failed"]


class Broken(Sound):
    def add_extras(self, document: dict[str, Any], extras: dict[str, Any]) -> None:
        document.update(extras)

    def line(self, document: dict[str, Any]) -> bytes:
        return json.dumps(self.masked(document), default=str).encode() + b"\n"


def configure(settings: Settings, repository: str) -> None:
    base(settings, repository, Broken)
