"""What would change, as a page for people: from the engine's own notes, without any value."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path("build")
# What the engine calls a step, and what a reader does; all others change nothing.
WORDS: Final[Mapping[str, str]] = {
    "create": "create",
    "import": "create",
    "update": "change",
    "replace": "replace",
    "delete": "delete",
}
# The repositories that use what a component of the platform makes; all else is the platform's own.
USERS: Final[Mapping[str, tuple[str, ...]]] = {
    "feature_store": ("data-engineering", "training", "serving"),
    "metadata_store": ("training",),
    "model_registry": ("training", "serving"),
    "monitoring": ("monitoring", "serving"),
    "orchestration": ("product",),
    "serving": ("serving",),
    "training": ("training",),
}
OWNERS: Final[Mapping[str, Sequence[str]]] = {
    "product": [
        "@hotel-bookings/revenue",
        "@hotel-bookings/architecture",
    ],
    "data-engineering": [
        "@hotel-bookings/data-engineering",
        "@hotel-bookings/software",
    ],
    "training": [
        "@hotel-bookings/data-science",
        "@hotel-bookings/ml-engineering",
    ],
    "serving": [
        "@hotel-bookings/software",
        "@hotel-bookings/ml-engineering",
    ],
    "monitoring": [
        "@hotel-bookings/ml-engineering",
        "@hotel-bookings/data-engineering",
        "@hotel-bookings/data-science",
    ],
    "platform": [
        "@hotel-bookings/devops",
        "@hotel-bookings/architecture",
    ],
}


@dataclass(frozen=True)
class Change:
    """A resource that would change, and how."""

    word: str
    program: str
    urn: str
    fields: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As the program calls it."""
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """What it is: `apps/v1:Deployment`, or a part of the platform."""
        return self._types()[-1].partition(":")[2]

    def roles(self) -> tuple[str, ...]:
        """The repositories that use it: by the component that makes it, or by its name."""
        components = [one.split(":")[1] for one in self._types() if one.count(":") > 1]
        for component in reversed(components):
            if component in USERS:
                return USERS[component]
        named = [one for one in OWNERS if f"{self.name}-".startswith(f"{one}-")]
        return tuple(named) or ("platform",)

    def _types(self) -> list[str]:
        return self.urn.split("::")[2].split("$")


def changes(program: str, notes: Path) -> Iterator[Change]:
    """What the engine noted for one program."""
    for event in _events(notes):
        step = event.get("resourcePreEvent", {}).get("metadata", {})
        if word := WORDS.get(step.get("op", "")):
            found = step.get("detailedDiff") or dict.fromkeys(step.get("diffs") or ())
            fields = tuple(sorted(found)) if word != "create" else ()
            yield Change(word, program, str(step["urn"]), fields)


def differs(notes: Mapping[str, Path]) -> bool:
    """Whether anything would change."""
    return any(True for program, path in notes.items() for _ in changes(program, path))


def place(verb: str, environment: str) -> Path:
    """Where the page of an environment is."""
    return FOLDER / f"{verb}-{environment}.md"


def report(verb: str, environment: str, notes: Mapping[str, Path], *, failed: bool) -> Path:
    """Write the page of an environment; where it is."""
    found = [one for program, path in notes.items() for one in changes(program, path)]
    title = "Preview of" if verb == "preview" else "Drift in"
    lines = [f"# {title} {environment}", "", _summary(verb, notes, found, failed=failed), ""]
    if found:
        lines += [*_table(found), "", *_touched(found), ""]
    if verb == "preview":
        lines += [*_judged(notes.values()), ""]
    path = place(verb, environment)
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    return path


def _summary(verb: str, notes: Mapping[str, Path], found: Sequence[Change], *, failed: bool) -> str:
    left_out = [program for program, path in notes.items() if not path.exists()]
    if failed and (verb == "preview" or not found):
        return "The engine **failed**: what it says stands in the log of the run."
    counted = Counter(one.word for one in found)
    said = ", ".join(f"{counted[word]} to {word}" for word in dict.fromkeys(WORDS.values()))
    why = "the log of the run says why" if failed else "which stands on what is not there yet"
    rest = f" Not shown: {', '.join(left_out)}, {why}." if left_out else ""
    return f"{said if found else 'Nothing changes'}.{rest}"


def _table(found: Sequence[Change]) -> Iterator[str]:
    yield from ("| | what | name | program | fields |", "|---|---|---|---|---|")
    for one in sorted(found, key=lambda one: (one.word, one.program, one.kind, one.name)):
        word = f"**{one.word}**" if one.word in ("replace", "delete") else one.word
        fields = ", ".join(f"`{_cell(field)}`" for field in one.fields)
        yield f"| {word} | {_cell(one.kind)} | `{_cell(one.name)}` | {one.program} | {fields} |"


def _touched(found: Sequence[Change]) -> Iterator[str]:
    yield from ("## Whom it touches", "", "| repository | owners | resources |", "|---|---|---|")
    for role, owners in OWNERS.items():
        names = sorted({one.name for one in found if role in one.roles()})
        if names:
            shown = ", ".join(f"`{_cell(name)}`" for name in names[:8])
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            # Without the sign of a mention: a page is no reason to call everybody.
            yield f"| {role} | {', '.join(one.lstrip('@') for one in owners)} | {shown}{more} |"


def _judged(notes: Iterable[Path]) -> Iterator[str]:
    events = [event for path in notes for event in _events(path)]
    packs = {
        name: version
        for event in events
        for name, version in (event.get("summaryEvent", {}).get("PolicyPacks") or {}).items()
    }
    broken = [event["policyEvent"] for event in events if "policyEvent" in event]
    yield from ("## Policies", "")
    if not packs and not broken:
        yield "No policy pack judged this: one in `policies/` would."
        return
    for name, version in sorted(packs.items()):
        own = [one for one in broken if one["policyPackName"] == name]
        yield f"- {name} {version}: {len(own) or 'no'} violation{'' if len(own) == 1 else 's'}"
    for one in broken:
        where = str(one.get("resourceUrn", "")).rpartition("::")[2]
        said = " ".join(str(one["message"]).split())
        yield f"- **{one['enforcementLevel']}** {one['policyName']}: `{_cell(where)}`: {_cell(said)}"


def _events(notes: Path) -> Iterator[Mapping[str, Any]]:
    if notes.exists():
        for line in notes.read_text("utf-8").splitlines():
            yield json.loads(line)


def _cell(text: str) -> str:
    """Text that stays in its cell of a table."""
    return text.replace("|", "\\|").replace("`", "'").replace("\n", " ")
