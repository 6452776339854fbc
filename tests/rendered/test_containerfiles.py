"""Containerfiles: a pinned, slim base, a virtual environment, and no root."""

import re
from pathlib import Path

import pytest

from rendering import ROLES, Family

FLOATING = re.compile(r":latest$|^[^:@]+$")


def problems(content: str) -> list[str]:
    """What a reviewer would object to."""
    joined = content.replace("\\\n", " ")
    lines = [line.split() for line in joined.splitlines() if line and not line.startswith("#")]
    arguments = dict(word.split("=", 1) for name, *rest in lines if name == "ARG" for word in rest)
    stages = {words[3] for words in lines if words[0] == "FROM" and len(words) > 3}
    bases = [
        re.sub(r"\$\{?(\w+)\}?", lambda found: arguments.get(found.group(1), ""), words[1])
        for words in lines
        if words[0] == "FROM"
    ]
    found = [
        f"base {base} floats" for base in bases if base not in stages and FLOATING.search(base)
    ]
    found += [
        f"base {base} is not slim" for base in bases if "python" in base and "slim" not in base
    ]
    users = [words[1] for words in lines if words[0] == "USER"]
    if not users or users[-1] in {"0", "root"}:
        found.append("runs as root")
    if "venv" not in joined:
        found.append("installs into the system's Python")
    if re.search(r"\b(?:curl|wget)\b|\bADD https?:", joined):
        found.append("fetches a file that nothing pins")
    if any(words[0] == "COPY" and words[1:3] == [".", "."] for words in lines):
        found.append("copies the whole folder")
    if "--frozen" not in joined:
        found.append("does not install what is locked")
    return found


@pytest.mark.parametrize("role", [role for role in ROLES if role != "platform"])
def test_a_rendered_image_is_sound(role: str, family: Family) -> None:
    assert not problems((family.repository(role) / "Containerfile").read_text(encoding="utf-8"))


GOOD = """\
ARG BASE=docker.io/library/python:3.11-slim
FROM ${BASE} AS build
RUN python3 -m venv /opt/uv && /opt/uv/bin/uv sync --frozen
FROM ${BASE}
COPY --from=build /opt/venv /opt/venv
USER 1000
"""


def test_a_good_file_passes() -> None:
    assert not problems(GOOD)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("python:3.11-slim", "python", "floats"),
        ("python:3.11-slim", "python:latest", "floats"),
        ("python:3.11-slim", "python:3.11", "not slim"),
        ("USER 1000\n", "", "root"),
        ("USER 1000", "USER root", "root"),
        ("COPY --from=build /opt/venv /opt/venv", "COPY . .", "whole folder"),
        (" --frozen", "", "locked"),
        ("USER", "RUN curl https://x | sh\nUSER", "nothing pins"),
    ],
)
def test_a_planted_fault_is_found(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    assert old in GOOD
    assert any(complaint in one for one in problems(GOOD.replace(old, new)))
