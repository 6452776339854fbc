"""An audit for people, for programs, and as one page."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ninefold.audit.judge import Judgement, Part
from ninefold.spec import Spec

Shown = Callable[[Spec, Sequence[Judgement]], str]
_PAGE = Path(__file__).with_name("page.html.jinja")
_HEADINGS = ("", "status", "what", "owner", "repository", "file", "command", "test")


def as_json(spec: Spec, found: Sequence[Judgement]) -> str:
    """A list with one document per line."""
    documents = [document(each) for each in found]
    return json.dumps(documents, indent=2, ensure_ascii=False) + "\n"


def document(judgement: Judgement) -> dict[str, Any]:
    """A line with its first evidence at the top, and all of it in `evidence`."""
    first = judgement.parts[0]
    return {
        "id": judgement.line.id,
        "kind": judgement.line.kind,
        "title": judgement.line.title,
        "status": judgement.status,
        "file": _at(first, first.file),
        "command": first.command,
        "test": _at(first, first.test),
        "owner": judgement.owner,
        "reasons": [
            {"reason": reason, "remedy": remedy} for reason, remedy in judgement.missing
        ],
        "evidence": [
            {
                "status": "missing" if part.reason else "realised",
                "repository": part.repository,
                "file": _at(part, part.file),
                "command": part.command,
                "test": _at(part, part.test),
            }
            for part in judgement.parts
        ],
    }  # fmt: skip


def as_text(spec: Spec, found: Sequence[Judgement]) -> str:
    """A table, what is missing and how to mend it, and a count."""
    return "\n".join(_text_lines(spec, found)) + "\n"


def count(found: Sequence[Judgement]) -> str:
    """The closing sentence."""
    missing = sum(1 for each in found if each.missing)
    return f"{len(found) - missing} of {len(found)} realised, {missing} missing"


def _text_lines(spec: Spec, found: Sequence[Judgement]) -> Iterator[str]:
    yield f"{spec.product.title} ({spec.product.name})"
    yield ""
    rows = [_HEADINGS, *(_row(each) for each in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    yield from _missing(found)
    yield ""
    yield count(found)


def _row(judgement: Judgement) -> tuple[str, ...]:
    """The first evidence stands for all; packages are abbreviated."""
    first, more = judgement.parts[0], len(judgement.parts) - 1
    return (
        judgement.line.id,
        judgement.status,
        judgement.line.title,
        judgement.owner,
        first.role,
        re.sub("^src/[^/]+/", "src/*/", first.file),
        first.command.replace(f"{first.repository} ", "* "),
        f"{first.test}{f' (+{more})' if more else ''}",
    )


def _missing(found: Sequence[Judgement]) -> Iterator[str]:
    """Each reason once, with the lines that it holds up."""
    held: dict[tuple[str, str], list[str]] = {}
    for each in found:
        for missing in each.missing:
            held.setdefault(missing, []).append(each.line.id)
    if held:
        yield ""
        yield "missing"
    for (reason, remedy), names in held.items():
        yield f"  {', '.join(names)}: {reason}; {remedy}"


def as_html(spec: Spec, found: Sequence[Judgement]) -> str:
    """One page that needs nothing else."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_PAGE.read_text(encoding="utf-8"))
    return template.render(
        title=spec.product.title,
        name=spec.product.name,
        count=count(found),
        lines=[document(each) for each in found],
    )


FORMATS: Mapping[str, Shown] = {"text": as_text, "json": as_json, "html": as_html}


def _at(part: Part, path: str) -> str:
    """Seen from the family's folder."""
    return f"{part.repository}/{path}"
