"""Images of others, by the names in `pinned.yaml` and by what cannot be moved."""

from functools import cache
from pathlib import Path

import yaml


def image(name: str) -> str:
    """An image as a workload names it: its tag for who reads it, its digest for who pulls it."""
    pinned = _pinned()[name]
    digest = f"@{pinned['digest']}" if pinned["digest"] else ""
    return f"{name}:{pinned['tag']}{digest}"


@cache
def _pinned() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("pinned.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(text)["images"]
    return found
