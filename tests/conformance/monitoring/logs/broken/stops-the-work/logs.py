"""Lets its own failure end what logs."""

from .settings import Settings
from .sound import LARGEST, Sound, failed
from .sound import configure as base

__all__ = ["LARGEST", "configure", "failed"]


class Broken(Sound):
    def fail(self, error: Exception) -> None:
        raise error


def configure(settings: Settings, repository: str) -> None:
    base(settings, repository, Broken)
