"""The images that a tree names, changed in its text: comments and order stay as they are."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .faults import Fault

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
ITEM = re.compile(r"( *)-( +)(?=\S)")
PAIR = re.compile(
    r"(?P<key>[A-Za-z]+): +(?P<quote>[\"']?)(?P<value>[\w.:/@-]+)(?P=quote) *(?:#.*)?"
)


@dataclass(frozen=True)
class Image:
    """What runs under a name: a repository of a registry, and there one content."""

    place: str
    digest: str

    def __str__(self) -> str:
        """The form in which every tool takes it."""
        return f"{self.place}@{self.digest}"


@dataclass
class Entry:
    """One item of the list: its lines, and which of them says what."""

    margin: str
    lines: list[str] = field(default_factory=list)
    pairs: dict[str, tuple[int, re.Match[str]]] = field(default_factory=dict)

    def add(self, line: str, start: int, where: str) -> None:
        """Take up one more line, whose words begin there."""
        words = line[start:].rstrip("\n")
        if words and not words.startswith("#"):
            pair = PAIR.fullmatch(words)
            if pair is None:
                raise Fault(
                    f"{where} cannot be changed here; write `key: value` on a line, not `{words}`"
                )
            self.pairs[pair["key"]] = (len(self.lines), pair)
        self.lines.append(line)

    def value(self, key: str) -> str:
        """What it says; nothing where it does not."""
        return self.pairs[key][1]["value"] if key in self.pairs else ""

    def put(self, image: Image) -> None:
        """Let it name another image; a tag gives way to the digest."""
        said = sorted(
            (self.pairs[key][0], key) for key in ("newTag", "digest") if key in self.pairs
        )
        self._say(said[0][1] if said else "digest", "digest", image.digest)
        for number, _ in said[1:]:
            self.lines[number] = ""
        self._say("newName", "newName", image.place)

    def _say(self, key: str, named: str, value: str) -> None:
        if key not in self.pairs:
            last = max(number for number, _ in self.pairs.values())
            self.lines[last] += f"{self.margin}{named}: {value}\n"
            return
        number, pair = self.pairs[key]
        line = self.lines[number]
        begin = line.index(pair[0])
        end = begin + pair.end("value") + len(pair["quote"])
        self.lines[number] = f"{line[:begin]}{named}: {value}{line[end:]}"


def images(text: str, where: str) -> Mapping[str, Image]:
    """The images by name, as far as a digest names them; raises `Fault`."""
    found = {one.value("name"): one for one in _parts(text, where) if isinstance(one, Entry)}
    return {
        name: Image(one.value("newName") or name, one.value("digest"))
        for name, one in found.items()
        if DIGEST.fullmatch(one.value("digest"))
    }


def names(text: str, where: str) -> tuple[str, ...]:
    """The names of all its images; raises `Fault`."""
    return tuple(one.value("name") for one in _parts(text, where) if isinstance(one, Entry))


def replaced(text: str, name: str, image: Image, where: str) -> str:
    """The text with another image under a name; raises `Fault` where it has no such name."""
    if not DIGEST.fullmatch(image.digest):
        raise Fault(f"{image.digest} is no digest; it has to be sha256: and 64 digits")
    parts = list(_parts(text if text.endswith("\n") else f"{text}\n", where))
    found = [one for one in parts if isinstance(one, Entry) and one.value("name") == name]
    if len(found) != 1:
        raise Fault(
            f"{where} has to name {name} once below `images:`, not {len(found)} times; mend it"
        )
    found[0].put(image)
    return "".join(one if isinstance(one, str) else "".join(one.lines) for one in parts)


def _parts(text: str, where: str) -> Iterator[str | Entry]:
    """The text in its order: single lines, and the items of `images`."""
    inside, entry = False, None
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        item = ITEM.match(line) if inside else None
        if line.strip() and not line.startswith((" ", "#", "-")):
            inside = line.split("#")[0].rstrip() == "images:"
            item = None
        if entry and (item or not inside):
            yield entry
            entry = None
        if item:
            entry = Entry(" " * item.end())
        if entry:
            start = item.end() if item else len(line) - len(line.lstrip())
            entry.add(line, start, f"{where}:{number}")
        else:
            yield line
    if entry:
        yield entry
