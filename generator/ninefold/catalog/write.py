"""The catalog as templates/catalog/<role>.yaml: what each technology brings to which role."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ninefold.catalog.catalog import Catalog
from ninefold.catalog.technology import Contribution, Technology
from ninefold.names import ROLES


def texts(catalog: Catalog) -> Mapping[str, str]:
    """The content of each file by its role."""
    return {role: _text(catalog, role) for role in ROLES}


def stale(catalog: Catalog, folder: Path) -> list[Path]:
    """The files that are not what they would be if written now."""
    return [
        path
        for role, text in texts(catalog).items()
        if not (path := folder / f"{role}.yaml").is_file()
        or path.read_text(encoding="utf-8") != text
    ]


def write(catalog: Catalog, folder: Path) -> list[Path]:
    """Write the files that have changed; answer which."""
    changed = stale(catalog, folder)
    content = texts(catalog)
    folder.mkdir(parents=True, exist_ok=True)
    for path in changed:
        path.write_text(content[path.stem], encoding="utf-8")
    return changed


def _text(catalog: Catalog, role: str) -> str:
    entries = [
        _entry(technology, role, slot)
        for technology in catalog
        for slot in technology.description.slots
        if technology.files(role, slot) or _contributes(technology, role)
    ]
    return yaml.safe_dump(entries, sort_keys=False) if entries else "[]\n"


def _contributes(technology: Technology, role: str) -> bool:
    return any(value for _, value in technology.contribution(role) or ())


def _entry(technology: Technology, role: str, slot: str) -> dict[str, Any]:
    contribution = technology.contribution(role) or Contribution()
    return {
        "component": technology.component,
        "slot": slot,
        "technology": technology.name,
        "files": [
            {"path": file.path, "source": file.source} for file in technology.files(role, slot)
        ],
        **contribution.model_dump(mode="json"),
    }
