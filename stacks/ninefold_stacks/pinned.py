"""Images and sources of others, by the names in `pinned.yaml` and by what cannot be moved."""

from functools import cache
from pathlib import Path
from typing import Final

import yaml

FILES: Final = "https://raw.githubusercontent.com"


def image(name: str) -> str:
    """An image as a workload names it: its tag for who reads it, its digest for who pulls it."""
    pinned = _pinned("images")[name]
    digest = f"@{pinned['digest']}" if pinned["digest"] else ""
    return f"{name}:{pinned['tag']}{digest}"


def files(source: str, folder: str) -> str:
    """The address of a folder of a source, by the commit: what is there cannot be changed."""
    return f"{FILES}/{source}/{_pinned('sources')[source]['commit']}/{folder}"


@cache
def _pinned(kind: str) -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("pinned.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(text)[kind]
    return found
