"""Dossiers: the folders in which training leaves all that there is to know about one model.

Each holds dataset/, model/, search.json, evaluation.json and, once it is registered,
registration.json. The file is the same, byte for byte, in every repository that reads them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .faults import Fault


@dataclass(frozen=True)
class Dossier:
    """A registered model's folder, its version in the registry and the digest of its package."""

    folder: Path
    version: str
    digest: str

    @property
    def learnt_until(self) -> datetime:
        """The model knows no label of a row at or after this instant."""
        windows = read_document(self.folder / "dataset" / "dataset.json")["windows"]
        return max(datetime.fromisoformat(windows[name][1]) for name in ("train", "validation"))


def read(folder: Path) -> Dossier:
    """The dossier in a folder; `Fault` when its model is not registered."""
    registration = read_document(folder / "registration.json")
    return Dossier(folder, str(registration["version"]), str(registration["digest"]))


def of_version(state: Path, version: str) -> Dossier | None:
    """The dossier of a version, the latest if there are several; None for one made elsewhere."""
    found = [dossier for dossier in _all(state) if dossier.version == version]
    return found[-1] if found else None


def read_document(path: Path) -> dict[str, Any]:
    """A JSON document; `Fault` when it is missing or damaged."""
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise Fault(f"{path} is missing or damaged; run the step that writes it again") from None
    return document


def _all(state: Path) -> Iterator[Dossier]:
    for folder in (state / "training", *sorted((state / "rounds").glob("[0-9]*Z/challenger"))):
        if (folder / "registration.json").is_file():
            yield read(folder)
