"""Writes the traceback below its line, as a console does."""

import logging
import traceback
from typing import Any

from .settings import Settings
from .sound import LARGEST, Sound, failed
from .sound import configure as base

__all__ = ["LARGEST", "configure", "failed"]


class Broken(Sound):
    def add_error(self, document: dict[str, Any], record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.rest = "".join(traceback.format_exception(error)) if error else ""

    def append(self, line: bytes) -> None:
        super().append(line + self.rest.encode())


def configure(settings: Settings, repository: str) -> None:
    base(settings, repository, Broken)
