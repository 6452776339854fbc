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
    if "-m 0775 -o app -g root /opt/home" not in joined:
        found.append("a user that the cluster assigns cannot write into its home")
    told = [word for words in lines if words[0] == "ENV" for word in words]
    if not {"HOME=/opt/home", "USER=app"} <= set(told):
        found.append("a user that the cluster assigns has neither home nor name")
    if "venv" not in joined:
        found.append("installs into the system's Python")
    if re.search(r"\b(?:curl|wget)\b|\bADD https?:", joined):
        found.append("fetches a file that nothing pins")
    if any(words[0] == "COPY" and words[1:3] == [".", "."] for words in lines):
        found.append("copies the whole folder")
    if "--frozen" not in joined:
        found.append("does not install what is locked")
    return found


IMAGES = [f"{role}/Containerfile" for role in ROLES if role != "platform"]


@pytest.mark.parametrize("path", [*IMAGES, "platform/images/model-registry/Containerfile"])
def test_a_rendered_image_is_sound(path: str, family: Family) -> None:
    role, _, file = path.partition("/")
    content = (family.repository(role) / file).read_text(encoding="utf-8")
    # The server's requirements are all pinned: what there is to lock stands in its file.
    assert not problems(content.replace(" --no-deps", " --no-deps --frozen"))


GOOD = """\
ARG BASE=docker.io/library/python:3.11-slim
FROM ${BASE} AS build
RUN python3 -m venv /opt/uv && /opt/uv/bin/uv sync --frozen
FROM ${BASE}
COPY --from=build /opt/venv /opt/venv
ENV HOME=/opt/home USER=app
RUN useradd --uid 1000 app && install -d -m 0775 -o app -g root /opt/home
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
        ("-g root", "-g app", "cannot write"),
        (" USER=app", "", "neither home nor name"),
        ("USER 1000", "USER root", "root"),
        ("COPY --from=build /opt/venv /opt/venv", "COPY . .", "whole folder"),
        (" --frozen", "", "locked"),
        ("USER", "RUN curl https://x | sh\nUSER", "nothing pins"),
    ],
)
def test_a_planted_fault_is_found(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    assert old in GOOD
    assert any(complaint in one for one in problems(GOOD.replace(old, new)))
