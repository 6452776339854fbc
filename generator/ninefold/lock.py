"""The family's lock: from which template, at which commit, each repository was rendered."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ninefold.errors import NinefoldError

NAME = "ninefold.lock"
VERSION = 1


class LockError(NinefoldError):
    """The lock cannot be used."""


@dataclass(frozen=True)
class Entry:
    """One repository as it was rendered."""

    path: str
    template: str
    commit: str
    sha256: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Lock:
    """All repositories of a product, by role."""

    product: str
    repositories: Mapping[str, Entry] = field(default_factory=dict)

    def text(self) -> str:
        """The lock as it is written, always in the same order."""
        document = {
            "version": VERSION,
            "product": self.product,
            "repositories": {role: asdict(entry) for role, entry in self.repositories.items()},
        }
        return json.dumps(document, indent=2) + "\n"


def load(path: Path) -> Lock:
    """Read a lock; anything that is not one is an error of its user."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        version = document["version"]
        if version != VERSION:
            raise LockError(
                f"{path}: format {version} is not known to this ninefold; install a newer one"
            )
        entries = {
            role: Entry(
                path=str(entry["path"]),
                template=str(entry["template"]),
                commit=str(entry["commit"]),
                sha256=str(entry["sha256"]),
                answers=tuple(str(name) for name in entry["answers"]),
            )
            for role, entry in document["repositories"].items()
        }
        return Lock(product=str(document["product"]), repositories=entries)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LockError(
            f"{path}: is damaged ({type(error).__name__}: {error}); "
            "restore it from the product repository's history"
        ) from error


def write(content: Lock, path: Path) -> None:
    """Write a lock as a whole: a reader sees the old one or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(content.text(), encoding="utf-8")
    fresh.replace(path)
