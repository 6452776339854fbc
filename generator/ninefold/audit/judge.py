"""Whether each line is realised: its files are there and its tests passed on this very commit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ninefold.audit import junit
from ninefold.audit.lines import Evidence, Line
from ninefold.catalog import Catalog
from ninefold.family import Family
from ninefold.names import ROLES, package_name, repository_name
from ninefold.repository import GitError, git
from ninefold.spec import Spec
from ninefold.spec.technologies import SLOTS

# The lock has a digest of its own in every run record; `make setup` writes it.
_APART = "uv.lock"


@dataclass(frozen=True)
class Part:
    """One piece of evidence as it was found; `reason` and `remedy` say what is missing."""

    repository: str
    role: str
    file: str
    command: str
    test: str
    reason: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class Judgement:
    """A line with all its evidence."""

    line: Line
    owner: str
    parts: tuple[Part, ...]

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """Reasons and remedies; none where the line is realised."""
        found = [(part.reason, part.remedy or "") for part in self.parts if part.reason]
        return tuple(dict.fromkeys(found))

    @property
    def status(self) -> str:
        """One word."""
        return "missing" if self.missing else "realised"


@dataclass(frozen=True)
class _State:
    """What there is to know about a repository before its lines are looked at."""

    folder: Path
    report: junit.Report | None
    commit: str | None
    changed: frozenset[str]


def audit(
    family: Family, spec: Spec, catalog: Catalog, lines: Sequence[Line]
) -> tuple[Judgement, ...]:
    """Judge every line of a family."""
    asked = {role for line in lines for role in _roles(line)}
    members = family.repositories.items()
    states = {role: _state(member.folder) for role, member in members if role in asked}
    owners = spec.owners.model_dump(by_alias=True)
    found = []
    for line in lines:
        counted = [each for each in line.evidence if _counts(each, spec)] or line.evidence
        parts = tuple(
            part
            for each in counted
            for role in _places(each)
            for part in _parts(each, role, spec, catalog, states)
        )
        found.append(Judgement(line, owners[line.owner], parts))
    return tuple(found)


def _roles(line: Line) -> set[str]:
    return {role for each in line.evidence for role in _places(each)}


def _places(evidence: Evidence) -> tuple[str, ...]:
    return ROLES if evidence.role == "each" else (evidence.role,)


def _counts(evidence: Evidence, spec: Spec) -> bool:
    beyond = [each for each in spec.environments.values() if each.target != "local"]
    if evidence.provisioned and not beyond:
        return False
    if evidence.equipped and not any("platform" in each.layers for each in beyond):
        return False
    return evidence.chosen is None or bool(_filling(evidence.chosen, spec))


def _filling(path: str, spec: Spec) -> list[tuple[str, str, str]]:
    """Component, slot and technology of what fills a slot on any target."""
    slot = next(each for each in SLOTS if each.path == path)
    names = dict.fromkeys(spec.technologies.chosen(slot).values())
    return [(slot.component, slot.name, name) for name in names]


def _parts(
    evidence: Evidence, role: str, spec: Spec, catalog: Catalog, states: Mapping[str, _State]
) -> Iterator[Part]:
    product = spec.product.name
    repository = repository_name(product, role)
    state = states.get(role)
    package = package_name(product, role)
    name = repository if state is None else state.folder.name
    command = evidence.command.replace("{repository}", repository)
    lack = None
    if evidence.brought:
        files, lack = _brought(evidence.brought, role, spec, catalog, package)
        pairs = [(file, evidence.test) for file in files or [f"({evidence.brought})"]]
    else:
        path = (evidence.file or "").replace("{package}", package)
        pairs = list(_each_view(path, evidence.test, spec))
    for file, test in pairs:
        if state is None:
            reason: tuple[str, str] | None = (
                f"{repository} is missing",
                f"ninefold new SPEC --only {role} --into the family's folder",
            )
        else:
            reason = lack or _fault(state, file, test)
        yield Part(name, role, file, command, test, *(reason or (None, None)))


def _brought(
    path: str, role: str, spec: Spec, catalog: Catalog, package: str
) -> tuple[list[str], tuple[str, str] | None]:
    """The files that a slot's technologies bring to a role, or why there are none."""
    filling = _filling(path, spec)
    if not filling:
        remedy = "choose a technology for it in product.yaml, then `copier update`"
        return [], (f"nothing fills {path}", remedy)
    files = [
        file.path.replace("{@ package @}", package)
        for component, slot, name in filling
        if (technology := catalog.find(component, name))
        for file in technology.files(role, slot)
        if not file.path.startswith("tests/")
    ]
    lack = None if files else (f"{filling[0][2]} brings no file", "choose another technology")
    return files, lack


def _each_view(file: str, test: str, spec: Spec) -> Iterator[tuple[str, str]]:
    """File and test for each feature view, where they name one."""
    if "{view" not in file + test:
        yield file, test
        return
    for view in spec.features:
        slug = view.replace("_", "-")
        yield (
            file.replace("{view}", view).replace("{view-slug}", slug),
            test.replace("{view}", view),
        )


def _fault(state: _State, file: str, test: str) -> tuple[str, str] | None:
    """What keeps a file and its test from counting, and what to do about it."""
    name = state.folder.name
    restore = f"restore it, or render {name} again"
    if not (state.folder / file).is_file():
        return f"{name}/{file} is missing", restore
    module = test.partition("::")[0]
    if not (state.folder / module).is_file():
        return f"{name}/{module} is missing", restore
    again = f"make -C {state.folder} test"
    report = state.report
    if report is None:
        return f"{name} has no {junit.PLACE} that can be read", again
    if report.commit is None or state.commit is None:
        return f"{name}: its tests did not run on a commit", f"commit, then {again}"
    if report.commit != state.commit:
        tested, present = report.commit[:7], state.commit[:7]
        return f"{name}: its tests ran on {tested}, while {present} is there", again
    if report.dirty:
        return f"{name}: its tests ran with uncommitted changes", f"commit them, then {again}"
    for path in (file, module):
        if path in state.changed:
            return f"{name}/{path} is not as it was tested", f"commit it, then {again}"
    outcome = report.outcomes.get(test)
    if outcome is None:
        return f"{name}: {test} did not run", again
    return None if outcome == "passed" else (f"{name}: {test} {outcome}", f"{again} says why")


def _state(folder: Path) -> _State:
    try:
        # Only its own history counts, not that of a repository around it.
        commit = git(folder, "rev-parse", "HEAD") if (folder / ".git").exists() else None
        asked = ("--porcelain", "-z", "--no-renames", "--untracked-files=all")
        listed = git(folder, "status", *asked, "--", ".")
    except GitError:
        return _State(folder, junit.read(folder), None, frozenset())
    # The first entry may have lost its leading blank.
    changed = {entry.strip().partition(" ")[2].strip() for entry in listed.split("\0") if entry}
    return _State(folder, junit.read(folder), commit, frozenset(changed - {_APART}))
