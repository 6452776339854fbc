"""Environment variables of the libraries in use: no telemetry, nothing outside the state folder."""

import os
from collections.abc import Mapping
from typing import Final

from .settings import Settings

VARIABLES: Final[Mapping[str, str]] = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def apply(settings: Settings) -> None:
    """Set what the user has not set; call it before any heavy import."""
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value.format(state=settings.state))
