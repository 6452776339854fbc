"""A family follows its spec: each repository that lags behind gets one commit that brings it over.

It is made in a copy beside the family, on a branch of its own, and put into the repository when it
is whole: what is checked out, and work that is not committed, stay as they are, whatever kills it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ninefold import lock, repository
from ninefold.errors import NinefoldError
from ninefold.family import HOME, SPEC, Family, Repository, lock_path
from ninefold.lock import Entry, Lock
from ninefold.names import ROLES
from ninefold.plan import prepare
from ninefold.render import Answers, Shelf, update
from ninefold.repository import GitError, git
from ninefold.slices import differences


class UpdateError(NinefoldError):
    """The family cannot be updated."""


@dataclass(frozen=True)
class Wanted:
    """What the repositories shall follow, and where that is put."""

    spec: Mapping[str, Any]
    ref: str | None = None
    branch: str = ""
    """Its name in each repository; empty for one that the spec gives."""
    here: bool = False
    """Onto the branch that is checked out instead."""

    @property
    def name(self) -> str:
        """The branch: the same spec has the same."""
        said = json.dumps([self.spec, self.ref], sort_keys=True, default=str)
        return self.branch or f"spec-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Updated:
    """One repository: the files of its commit, and those that a person has to merge."""

    name: str
    files: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    answers: Answers | None = None


def wanted(family: Family, ref: str | None, branch: str, *, here: bool) -> Wanted:
    """What the product's committed spec asks for; raises where that cannot be followed."""
    spec = family.home / SPEC
    prepared = prepare(spec)
    for member in family.repositories.values():
        _require_git(member.folder)
    require_same_product(family.repositories[HOME].answers, prepared.data)
    if git(family.home, "status", "--porcelain", "--", SPEC):
        raise UpdateError(f"{spec}: has changes that are not committed; commit them first")
    return Wanted(prepared.data, ref, branch, here)


def require_same_product(before: Answers, spec: Mapping[str, Any]) -> None:
    """Its name is in every path and every stored name: another one is another family."""
    was, now = before.values["product"]["name"], spec["product"]["name"]
    if was != now:
        raise UpdateError(
            f"{SPEC}: `product.name` was {was} when the family was rendered and cannot become "
            f"{now}; render a new family with `ninefold new`"
        )


def follow(family: Family, wish: Wanted, scratch: Path) -> Iterator[Updated]:
    """Update one repository after the other, the product's last; it holds the lock of all."""
    with Shelf() as shelf:
        yield from _followed(family, wish, scratch, shelf)


def _followed(family: Family, wish: Wanted, scratch: Path, shelf: Shelf) -> Iterator[Updated]:
    entries = dict(family.lock.repositories) if family.lock else {}
    for role in (*(role for role in ROLES if role != HOME), HOME):
        member = family.repositories.get(role)
        if member is None:
            continue
        lags = bool(wish.ref) or any(differences(member.answers.values, wish.spec))
        if not lags and role != HOME:
            yield Updated(member.folder.name)
            continue
        folder = _copied(member.folder, wish, scratch)
        moved = update(shelf, member.answers, wish.spec, folder, wish.ref) if lags else None
        if role == HOME:
            _renew(family, entries, moved, folder)
        done = _committed(member, wish, moved, folder)
        if done.answers and role in entries:
            entries[role] = _entry(entries[role], done.answers, repository.digest(folder))
        yield done


def _require_git(folder: Path) -> None:
    try:
        inside = Path(git(folder, "rev-parse", "--show-toplevel")).samefile(folder)
        git(folder, "rev-parse", "--verify", "HEAD")
    except GitError:
        inside = False
    if not inside:
        raise UpdateError(
            f"{folder}: is no Git repository with a commit, so nothing could be merged; "
            "in it: git init && git add --all && git commit -m First"
        )


def _copied(target: Path, wish: Wanted, scratch: Path) -> Path:
    """What is committed in a repository, on the branch of the update."""
    folder = scratch / target.name
    git(scratch, "clone", "--quiet", "--no-local", "--", str(target.resolve()), str(folder))
    git(folder, "checkout", "--quiet", "-B", wish.name)
    return folder


def _entry(before: Entry, answers: Answers, tree: str) -> Entry:
    return replace(
        before,
        template=answers.template,
        commit=answers.commit,
        sha256=tree,
        answers=tuple(answers.values),
    )


def _renew(
    family: Family, entries: Mapping[str, Entry], moved: Answers | None, folder: Path
) -> None:
    """The lock says what each was rendered from last; the spec is its owner's, to the letter."""
    git(folder, "checkout", "--quiet", "HEAD", "--", SPEC)
    if not family.lock:
        return
    renewed = dict(entries)
    if moved and HOME in renewed:
        # Its own digest cannot stand in it.
        renewed[HOME] = _entry(renewed[HOME], moved, renewed[HOME].sha256)
    lock.write(Lock(family.lock.product, renewed), lock_path(folder.parent, folder.name))


def _committed(member: Repository, wish: Wanted, moved: Answers | None, folder: Path) -> Updated:
    name = member.folder.name
    unmerged = sorted(set(git(folder, "diff", "--name-only", "--diff-filter=U").splitlines()))
    if unmerged:
        return Updated(name, conflicts=tuple(unmerged))
    git(folder, "add", "--all", "--force")
    files = tuple(git(folder, "diff", "--cached", "--name-only", "--no-renames").splitlines())
    if not files:
        return Updated(name)
    repository.commit_all(folder, _message(member, wish))
    _handed_over(member.folder, folder, wish)
    return Updated(name, files, answers=moved)


def _message(member: Repository, wish: Wanted) -> str:
    changed = "".join(f"{path}\n" for path in differences(member.answers.values, wish.spec))
    version = f"Templates at {wish.ref}\n" if wish.ref else ""
    return f"Follow the product's spec\n\n{changed}{version}"


def _handed_over(target: Path, folder: Path, wish: Wanted) -> None:
    """One step of Git: the branch is there as a whole, or not at all."""
    source = str(folder)
    if not wish.here:
        if not _is_there(target, folder, wish.name):
            git(target, "fetch", "--quiet", "--no-tags", source, f"{wish.name}:{wish.name}")
        return
    try:
        git(target, "pull", "--quiet", "--ff-only", "--no-tags", source, wish.name)
    except GitError as error:
        raise UpdateError(
            f"{target}: what is checked out cannot take it ({error}); commit or undo what is "
            "changed there, or leave out --here"
        ) from error


def _is_there(target: Path, folder: Path, branch: str) -> bool:
    """Whether a run before this one has left the same; raises where it is something else."""
    if not git(target, "branch", "--list", "--", branch):
        return False
    content = ("log", "-1", "--format=%T %P", branch, "--")
    if git(target, *content) == git(folder, *content):
        return True
    raise UpdateError(
        f"{target}: the branch {branch} is there and holds something else; merge it, or delete it "
        f"with `git branch -D {branch}`, and run this again"
    )
