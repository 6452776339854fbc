"""The offline store is the Parquet files in the state folder: whoever reads, reads them there."""

from pathlib import Path

from .settings import Settings


def publish(settings: Settings, folder: Path) -> None:
    """Nothing has to be brought anywhere."""
