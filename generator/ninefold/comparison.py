"""What a changed spec brings, for people: as text, as JSON, as a page for a review."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ninefold.changes import Changes, Touched
from ninefold.slices import Difference, Missing

NOTHING = "the family was rendered from this spec: nothing changes"
# A page is read, and hosts cut off what is longer than a megabyte.
LONGEST = 400


def as_text(found: Changes) -> str:
    """Values first, then the files of each repository."""
    return "\n".join(_lines(found)) + "\n"


def as_json(found: Changes) -> str:
    """For programs; a value that is not there is left out."""
    document = {
        "values": [
            {"path": each.path, **_sides(each, before="before", after="after")}
            for each in found.values
        ],
        "repositories": [
            {
                "role": each.role,
                "name": each.name,
                "owners": list(each.owners),
                "files": [vars(file) for file in each.files],
            }
            for each in found.repositories
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def as_markdown(found: Changes) -> str:
    """A page: what changes in the spec, whom it touches, and every line of it."""
    return "\n".join(_page(found)) + "\n"


FORMATS: Mapping[str, Callable[[Changes], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def _lines(found: Changes) -> Iterator[str]:
    if not found.values:
        yield NOTHING
        return
    yield f"{found.title}: {_count(len(found.values), 'value')} of the spec"
    width = max(len(each.path) for each in found.values)
    for each in found.values:
        yield f"  {each.path.ljust(width)}  {_shown(each.ours)} -> {_shown(each.theirs)}"
    for touched in found.repositories:
        yield ""
        yield f"{touched.name}: {_extent(touched)}; {', '.join(touched.owners)}"
        for file in touched.files:
            yield f"  {file.path}  +{file.added} -{file.removed}"


def _page(found: Changes) -> Iterator[str]:
    yield f"# {_plain(found.title)}: what this spec changes"
    yield ""
    if not found.values:
        yield f"{NOTHING.capitalize()}."
        return
    yield from ("| value | before | after |", "|---|---|---|")
    for each in found.values:
        yield f"| {_cell(each.path)} | {_code(each.ours)} | {_code(each.theirs)} |"
    yield ""
    if not found.repositories:
        yield "No file of any repository follows from it."
        return
    yield "Merged, it is proposed to each of these repositories."
    yield ""
    yield from ("| repository | files | lines | who is asked |", "|---|---:|---:|---|")
    for touched in found.repositories:
        added, removed = _lines_of(touched)
        owners = ", ".join(_cell(owner) for owner in touched.owners)
        yield f"| {touched.name} | {len(touched.files)} | +{added} -{removed} | {owners} |"
    for touched in found.repositories:
        yield from ("", f"<details><summary>{touched.name}</summary>", "")
        yield from _fenced(touched.patch)
        yield from ("", "</details>")


def _fenced(patch: str) -> Iterator[str]:
    """The patch, in a fence that nothing in it can close."""
    lines = patch.splitlines() or ["(only the recorded answers)"]
    runs = [len(run) for line in lines for run in re.findall("`+", line)]
    fence = "`" * max(3, max(runs, default=0) + 1)
    yield f"{fence}diff"
    yield from lines[:LONGEST]
    yield fence
    if len(lines) > LONGEST:
        yield ""
        yield f"{len(lines) - LONGEST} more lines are in the pull request that follows."


def _extent(touched: Touched) -> str:
    added, removed = _lines_of(touched)
    return f"{_count(len(touched.files), 'file')}, +{added} -{removed}"


def _lines_of(touched: Touched) -> tuple[int, int]:
    return sum(each.added for each in touched.files), sum(each.removed for each in touched.files)


def _sides(each: Difference, *, before: str, after: str) -> Mapping[str, Any]:
    sides = {before: each.ours, after: each.theirs}
    return {name: value for name, value in sides.items() if value is not Missing}


def _shown(value: Any) -> str:
    if value is Missing:
        return "(nothing)"
    return json.dumps(value, ensure_ascii=False, default=str)


def _code(value: Any) -> str:
    """A value in a table: whoever changes the spec chose it, so nothing in it is markup."""
    if value is Missing:
        return ""
    text = _shown(value)
    text = text if len(text) <= 200 else f"{text[:200]}..."
    return f"<code>{_cell(text)}</code>"


def _cell(text: str) -> str:
    return _plain(text).replace("|", "&#124;")


def _plain(text: str) -> str:
    """Characters that Markdown or HTML could take for more than text, as themselves."""
    escaped = (f"&#{ord(one)};" if one in "&<>`*_[]\\@~!#" else one for one in text)
    return " ".join("".join(escaped).split())


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
