"""Begins a full file anew."""

from . import sound
from .settings import Settings
from .sound import Sound, failed
from .sound import configure as base

LARGEST = 20 << 20
__all__ = ["LARGEST", "configure", "failed"]


class Broken(Sound):
    def append(self, line: bytes) -> None:
        sound.LARGEST = LARGEST
        super().append(line)

    def put_aside(self) -> None:
        self.path.unlink()


def configure(settings: Settings, repository: str) -> None:
    base(settings, repository, Broken)
