"""The making of a family: rendered side by side out of sight, then put in place as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ninefold import lock, repository
from ninefold.family import HOME, Family, FamilyError, find, lock_path
from ninefold.lock import Entry, Lock
from ninefold.names import repository_name
from ninefold.render import Source, render
from ninefold.slices import differences
from ninefold.staging import publish
from ninefold.template import Template

Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What is to be rendered: the spec as Copier reads it, the roles, from which template."""

    spec: Mapping[str, Any]
    roles: Sequence[str]
    template: Template

    @property
    def product(self) -> str:
        """The product's slug."""
        return str(self.spec["product"]["name"])


def create(order: Order, folder: Path, target: Path, say: Say) -> None:
    """Make a new family; one rename at the end shows it."""
    entries = _rendered(order, folder, say)
    home = entries[HOME].path if HOME in entries else None
    lock.write(Lock(order.product, entries), lock_path(folder, home))
    _committed(entries, folder, say)
    publish(folder, target)


def extend(order: Order, present: Family, folder: Path, say: Say) -> None:
    """Add roles to a family; the repositories that are there stay as they are.

    The lock names the new ones before they appear, so that a run that was killed in between can
    simply be repeated.
    """
    entries = _rendered(order, folder, say)
    old = present.lock.repositories if present.lock else {}
    combined = Lock(order.product, {**old, **entries})
    if HOME in entries:
        lock.write(combined, lock_path(folder, entries[HOME].path))
    _committed(entries, folder, say)
    known = present.repositories.get(HOME)
    lock.write(combined, lock_path(present.folder, known.folder.name if known else None))
    for role in sorted(entries, key=lambda role: role == HOME):
        publish(folder / entries[role].path, present.folder / entries[role].path)
    if HOME in entries:
        lock_path(present.folder, None).unlink()


def extendable(target: Path, spec: Mapping[str, Any], roles: Sequence[str]) -> Family:
    """The family to which these roles can be added without touching what is there."""
    present = find(target)
    if present.lock is None:
        raise FamilyError(f"{target}: has no {lock.NAME}; choose a folder that does not exist yet")
    for role in roles:
        path = target / repository_name(str(spec["product"]["name"]), role)
        if role in present.repositories or path.exists():
            raise FamilyError(f"{path}: is there already; leave {role} out of --only")
    for role, member in present.repositories.items():
        for key in differences(member.answers.values, spec):
            raise FamilyError(
                f"{target}: its {role} repository was rendered from another `{key}` than this "
                "spec has; use the spec of that family"
            )
    return present


def _rendered(order: Order, folder: Path, say: Say) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    with Source(order.template) as source:
        for role in order.roles:
            name = repository_name(order.product, role)
            answers = render(source, role, order.spec, folder / name)
            entries[role] = Entry(
                path=name,
                template=answers.template,
                commit=answers.commit,
                sha256=repository.digest(folder / name),
                answers=tuple(answers.values),
            )
            say(f"{name}: {sum(1 for _ in repository.files(folder / name))} files")
    return entries


def _committed(entries: Mapping[str, Entry], folder: Path, say: Say) -> None:
    for role, entry in entries.items():
        message = (
            f"Render the {role} repository\n\nTemplate: {entry.template}\nCommit: {entry.commit}"
        )
        commit = repository.commit_first(folder / entry.path, message)
        say(f"{entry.path}: first commit {commit}")
