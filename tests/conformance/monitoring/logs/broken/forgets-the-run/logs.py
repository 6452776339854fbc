"""Does not say which run a line belongs to."""

from typing import Any

from .settings import Settings
from .sound import LARGEST, Sound, failed
from .sound import configure as base

__all__ = ["LARGEST", "configure", "failed"]


class Broken(Sound):
    def add_run(self, document: dict[str, Any]) -> None:
        pass


def configure(settings: Settings, repository: str) -> None:
    base(settings, repository, Broken)
