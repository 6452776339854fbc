"""What a technology's folder must fulfil, alone and beside the others."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch

from ninefold.catalog.technology import SUFFIX, Technology
from ninefold.names import ROLES, folder_of
from ninefold.spec.problem import did_you_mean
from ninefold.spec.technologies import COMPONENTS, SLOTS


def folder_problems(technology: Technology) -> Iterator[str]:
    """Faults of one folder."""
    folder, description = technology.folder, technology.description
    if folder.name != folder_of(technology.name):
        yield (
            f"{folder}: its technology.yaml says `name: {technology.name}`; call the folder "
            f"{folder_of(technology.name)}"
        )
    if technology.component not in COMPONENTS:
        yield (
            f"{folder}: {technology.component} is no component; "
            f"{did_you_mean(technology.component, COMPONENTS)}"
        )
        return
    known = [slot.name for slot in SLOTS if slot.component == technology.component]
    for slot in description.slots:
        if slot not in known:
            yield (
                f"{folder}: {technology.component} has no slot {slot}; {did_you_mean(slot, known)}"
            )
    yield from _scaffold_problems(technology)


def _scaffold_problems(technology: Technology) -> Iterator[str]:
    base = technology.folder / "scaffold"
    paths = [each for each in sorted(base.rglob("*")) if not each.is_dir()]
    for path in paths:
        role = path.relative_to(base).parts[0]
        if role not in ROLES:
            yield f"{path}: {role} is no role; {did_you_mean(role, ROLES)}"
        elif path.suffix != SUFFIX:
            yield f"{path}: would not be rendered; add {SUFFIX} to its name"
        elif not _is_text(path.read_bytes()):
            yield f"{path}: is no UTF-8 text, which alone can pass the socket; remove it"
    inside = [
        each.path.replace("{@ package @}", "__package__")
        for files in technology.scaffold.values()
        for each in files
    ]
    for slot, special in technology.description.slots.items():
        for pattern in special.files:
            if not any(fnmatch(path, pattern) for path in inside):
                yield (
                    f"{technology.folder}: slots.{slot}.files names {pattern}, but no scaffold "
                    "file matches; mend the pattern or remove it"
                )


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def collisions(technologies: Sequence[Technology]) -> Iterator[str]:
    """Files that two technologies bring to the same place though both can be chosen at once."""
    places: dict[tuple[str, str], list[tuple[Technology, str, str]]] = defaultdict(list)
    for technology in technologies:
        for role in technology.scaffold:
            for slot in technology.description.slots:
                for file in technology.files(role, slot):
                    places[role, file.path].append((technology, slot, file.source))
    for (role, path), brought in sorted(places.items(), key=lambda item: item[0]):
        for at, (one, slot, source) in enumerate(brought):
            for other, other_slot, other_source in brought[at + 1 :]:
                together = (one.component, slot) != (other.component, other_slot)
                if together and source != other_source:
                    yield (
                        f"{other.folder}: brings {path} to {role}, and so does "
                        f"{one.component}/{one.name}; rename one, or name it under the slot "
                        "that alone brings it"
                    )
