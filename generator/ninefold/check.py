"""Whether the repositories of a family agree with the product's spec and with each other."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ninefold import lock
from ninefold.errors import NinefoldError
from ninefold.family import SPEC, Family, Repository
from ninefold.names import ROLES, repository_name
from ninefold.plan import prepare
from ninefold.repository import ANSWERS
from ninefold.slices import differences
from ninefold.spec import SpecError

SUMS = Path("contracts/SHA256SUMS")
RUN_RECORD_CONTRACT = Path("contracts/run-record.schema.json")


@dataclass(frozen=True)
class Finding:
    """What is wrong with a file, and what mends it."""

    file: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}; {self.remedy}"


def findings(family: Family) -> Iterator[Finding]:
    """Everything that does not agree, in the order of the files that cause it."""
    home = family.home
    where = f"{home.name}/{SPEC}"
    try:
        prepare(home / SPEC)
    except SpecError as error:
        for problem in error.problems:
            what, _, remedy = problem.text.partition("; ")
            yield Finding(f"{where}:{problem.line}", what, remedy)
    except NinefoldError as error:
        what, _, remedy = str(error).partition("; ")
        yield Finding(where, what, remedy)
    document = _document(home / SPEC)
    if document is None:
        return
    yield from _presence(family, document)
    for role in _ordered(family.repositories):
        member = family.repositories[role]
        yield from _answers(family, member, document)
        yield from _contracts(home, member.folder)
        yield from _run_record(home, member.folder)


def _document(path: Path) -> Mapping[str, Any] | None:
    try:
        document = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError):
        return None
    return document if isinstance(document, dict) else None


def _ordered(repositories: Mapping[str, Repository]) -> list[str]:
    return [role for role in ROLES if role in repositories]


def _presence(family: Family, document: Mapping[str, Any]) -> Iterator[Finding]:
    """All of the lock are there and no others; without a lock all that a spec gives."""
    if family.lock is None:
        product = (document.get("product") or {}).get("name")
        expected = {role: repository_name(str(product), role) for role in ROLES}
    else:
        expected = {role: entry.path for role, entry in family.lock.repositories.items()}
    for role, path in expected.items():
        if role not in family.repositories:
            yield Finding(
                path,
                f"the {role} repository is missing",
                f"render it with `ninefold new SPEC --only {role} --into` the family's folder"
                if family.lock
                else f"render it with `copier copy -d role={role}`",
            )
    for role in _ordered(family.repositories):
        if role not in expected:
            name = family.repositories[role].folder.name
            yield Finding(name, f"{lock.NAME} does not know it", "move it out of the family")


def _answers(family: Family, member: Repository, document: Mapping[str, Any]) -> Iterator[Finding]:
    where = f"{member.folder.name}/{ANSWERS}"
    entry = family.lock.repositories.get(member.answers.role) if family.lock else None
    recorded = member.answers.values
    for key in entry.answers if entry else ():
        if key not in recorded:
            yield Finding(where, f"`{key}` is missing", f"copy it from {SPEC} and `copier update`")
    for path in differences(recorded, document):
        yield Finding(
            where,
            f"`{path}` is not what {SPEC} says",
            f"bring it over with `ninefold update {family.folder}`",
        )
    if entry and (entry.commit, entry.template) != (member.answers.commit, member.answers.template):
        yield Finding(
            where,
            f"was rendered from {member.answers.template} at {member.answers.commit}, while "
            f"{lock.NAME} says {entry.template} at {entry.commit}",
            f"set `template` and `commit` in {lock.NAME} to what was rendered last",
        )


def _contracts(home: Path, folder: Path) -> Iterator[Finding]:
    """Each copy is the one that its list of digests names, and equals the product's original."""
    if not (folder / "contracts").is_dir():
        return
    listed = _sums(folder / SUMS)
    if listed is None:
        yield Finding(f"{folder.name}/{SUMS}", "cannot be read", "restore it from Git")
        return
    present = {path.name: path for path in sorted((folder / "contracts").glob("*.json"))}
    for name in sorted(listed.keys() | present.keys()):
        where = f"{folder.name}/contracts/{name}"
        if name not in present:
            yield Finding(where, "is missing", "restore it from Git")
        elif name not in listed:
            yield Finding(where, f"is not in {SUMS.name}", "remove it or render it from the spec")
        elif _digest(present[name]) != listed[name]:
            yield Finding(where, f"is not the one in {SUMS.name}", "restore it from Git")
        elif not (home / "contracts" / name).is_file():
            yield Finding(where, f"has no original in {home.name}", "remove it or restore that")
        elif _digest(home / "contracts" / name) != listed[name]:
            yield Finding(
                where,
                f"differs from the original in {home.name}",
                "bring both to one template commit with `ninefold update --ref`",
            )


def _run_record(home: Path, folder: Path) -> Iterator[Finding]:
    """One module writes the records that all others read: the same bytes everywhere."""
    ours = _module(folder)
    if ours is None:
        if (folder / RUN_RECORD_CONTRACT).is_file():
            yield Finding(f"{folder.name}/src", "run_record.py is missing", "restore it from Git")
        return
    original = _module(home)
    if original is not None and ours.read_bytes() != original.read_bytes():
        yield Finding(
            ours.relative_to(folder.parent).as_posix(),
            f"differs from the one in {home.name}",
            "restore it from Git, or bring both to one version with `ninefold update --ref`",
        )


def _module(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("src/*/run_record.py"))), None)


def _sums(path: Path) -> Mapping[str, str] | None:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines if line)}
    except (OSError, ValueError):
        return None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
