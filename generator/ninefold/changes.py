"""What a changed spec brings: its values, and the files of each repository that follows it.

The family remembers the spec that it was rendered from in the product repository's answers. Both
specs are rendered, and the two results compared, which is what an update merges into the
repositories: neither they nor their history are needed.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ninefold import lock
from ninefold.errors import NinefoldError
from ninefold.family import HOME, SPEC
from ninefold.lock import Entry
from ninefold.names import ROLES, repository_name
from ninefold.plan import Plan, prepare
from ninefold.render import Answers, Source, recorded, render
from ninefold.repository import ANSWERS, commit_all, commit_first, git
from ninefold.slices import Difference, compared
from ninefold.template import Template
from ninefold.update import require_same_product


class ChangesError(NinefoldError):
    """There is nothing to compare the spec with."""


@dataclass(frozen=True)
class FileChange:
    """A rendered file, with the lines that it gains and loses."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True)
class Touched:
    """A repository whose files follow the change, and who answers for it."""

    role: str
    name: str
    owners: tuple[str, ...]
    files: tuple[FileChange, ...]
    patch: str
    """A unified diff of all files but the recorded answers."""


@dataclass(frozen=True)
class Changes:
    """A spec beside the one that the family was rendered from."""

    title: str
    values: tuple[Difference, ...]
    repositories: tuple[Touched, ...]
    warnings: tuple[str, ...]


def changes(spec: Path) -> Changes:
    """Compare the spec of a product repository with what its family was rendered from."""
    home = spec.resolve().parent
    before = recorded(home)
    if before is None or before.role != HOME:
        raise ChangesError(
            f"{spec}: lies in no product repository, so there is nothing to compare it with; "
            "name the product.yaml of one"
        )
    after = prepare(spec)
    require_same_product(before, after.data)
    values = tuple(compared(before.values, after.data))
    keys = {value.path.partition(".")[0] for value in values}
    with ExitStack() as opened:
        # Each version of a template is fetched once, whatever number of roles came from it.
        source = cache(lambda template: opened.enter_context(Source(template)))
        touched = tuple(
            Touched(role, entry.path, _owners(after.plan, role), files, patch)
            for role, entry in _entries(home, before).items()
            if keys & set(entry.answers)
            for files, patch in _followed(
                source(Template(entry.template, entry.commit or None)),
                role,
                before.values,
                after.data,
            )
        )
    return Changes(after.plan.title, values, touched, after.plan.warnings)


def _entries(home: Path, before: Answers) -> Mapping[str, Entry]:
    """What was rendered: by the lock, and without one every role from the same template."""
    path = home / lock.NAME
    if path.is_file():
        return lock.load(path).repositories
    product = str(before.values["product"]["name"])
    every = tuple(before.values)
    return {
        role: Entry(repository_name(product, role), before.template, before.commit, "", every)
        for role in ROLES
    }


def _followed(
    source: Source, role: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[tuple[FileChange, ...], str]]:
    """The files of a role that follow, and their patch; nothing where none does."""
    with tempfile.TemporaryDirectory(prefix="ninefold-changes-") as scratch:
        old, new = Path(scratch) / "old", Path(scratch) / "new"
        render(source, role, before, old)
        render(source, role, after, new)
        for folder in (old, new):
            # The change itself, which a review shows beside this.
            (folder / SPEC).unlink(missing_ok=True)
        commit_first(old, "As it was rendered")
        shutil.move(old / ".git", new)
        if not git(new, "status", "--porcelain", "--ignored"):
            return
        commit_all(new, "As it would be rendered")
        show = ("show", "--format=", "--no-renames")
        files = tuple(_files(git(new, *show, "--numstat")))
        yield files, git(new, *show, "--", ".", f":!{ANSWERS}")


def _owners(plan: Plan, role: str) -> tuple[str, ...]:
    (owners,) = (each.owners for each in plan.repositories if each.role == role)
    return tuple(dict.fromkeys(owners.values()))


def _files(said: str) -> Iterator[FileChange]:
    for line in said.splitlines():
        added, removed, path = line.split("\t", maxsplit=2)
        yield FileChange(path, int(added), int(removed))
