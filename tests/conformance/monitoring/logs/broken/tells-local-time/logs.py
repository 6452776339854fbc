"""Leaves out the time zone, so that nobody knows the instant."""

import logging
from datetime import datetime

from .settings import Settings
from .sound import LARGEST, Sound, failed
from .sound import configure as base

__all__ = ["LARGEST", "configure", "failed"]


class Broken(Sound):
    def instant(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created).isoformat(timespec="milliseconds")


def configure(settings: Settings, repository: str) -> None:
    base(settings, repository, Broken)
