"""Environment variables of the libraries in use: no telemetry, nothing outside the state folder."""

import os
from collections.abc import Mapping
from typing import Final

from .settings import Settings

VARIABLES: Final[Mapping[str, str]] = {
    "DO_NOT_TRACK": "true",
}


def apply(settings: Settings) -> None:
    """Set what the user has not set; call it before any heavy import."""
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value.format(state=settings.state))
