"""Puts text between quotation marks and calls it JSON."""

from typing import Any

from .settings import Settings
from .sound import LARGEST, Sound, failed
from .sound import configure as base

__all__ = ["LARGEST", "configure", "failed"]


class Broken(Sound):
    def line(self, document: dict[str, Any]) -> bytes:
        pairs = [f'"{name}": "{value}"' for name, value in document.items()]
        return ("{" + ", ".join(pairs) + "}\n").encode("utf-8", "replace")


def configure(settings: Settings, repository: str) -> None:
    base(settings, repository, Broken)
