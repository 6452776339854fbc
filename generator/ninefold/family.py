"""The folder that holds a product's repositories side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ninefold import lock
from ninefold.errors import NinefoldError
from ninefold.lock import Lock
from ninefold.render import Answers, recorded

HOME = "product"
SPEC = "product.yaml"


class FamilyError(NinefoldError):
    """The folder is not the family that is needed."""


@dataclass(frozen=True)
class Repository:
    """One role's repository in the family."""

    folder: Path
    answers: Answers


@dataclass(frozen=True)
class Family:
    """What lies in the folder: its repositories by role, and its lock where there is one."""

    folder: Path
    repositories: Mapping[str, Repository]
    lock: Lock | None

    @property
    def home(self) -> Path:
        """The product repository; without it nothing can be run or compared."""
        if HOME not in self.repositories:
            raise FamilyError(
                f"{self.folder}: holds no product repository; "
                "add it with `ninefold new SPEC --only product --into` this folder"
            )
        return self.repositories[HOME].folder


def find(folder: Path) -> Family:
    """Read the family in a folder, or the one that a product repository belongs to."""
    if not folder.is_dir():
        raise FamilyError(f"{folder}: there is no such folder; give the one made by `ninefold new`")
    own = recorded(folder)
    if own and own.role == HOME:
        return find(folder.resolve().parent)
    repositories: dict[str, Repository] = {}
    for path in sorted(entry for entry in folder.iterdir() if entry.is_dir()):
        answers = recorded(path)
        if answers is None:
            continue
        if answers.role in repositories:
            raise FamilyError(
                f"{folder}: {repositories[answers.role].folder.name} and {path.name} are both a "
                f"{answers.role} repository; keep one family in a folder"
            )
        repositories[answers.role] = Repository(path, answers)
    if not repositories:
        raise FamilyError(
            f"{folder}: is no family of repositories; give the folder made by `ninefold new`"
        )
    return Family(folder, repositories, _lock(folder, repositories))


def lock_path(folder: Path, home: str | None) -> Path:
    """The lock's place: the product repository, and until there is one the family's folder."""
    return folder / home / lock.NAME if home else folder / lock.NAME


def _lock(folder: Path, repositories: Mapping[str, Repository]) -> Lock | None:
    home = repositories.get(HOME)
    for path in (lock_path(folder, home.folder.name if home else None), folder / lock.NAME):
        if path.is_file():
            return lock.load(path)
    return None
