"""Actions and images of others are named by version or content in one file, and nowhere else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ninefold.digests import PLACE, Pinned, read

from words import CHECKOUT, Place, matching, text, tracked

FOLDERS = ("templates/", "stacks/", "generator/", "copier.yml")
NAMED = re.compile(
    # An action at a commit or a tag,
    r"\buses: *[\"']?[\w.-]+/[\w./-]+@"
    r"|@[0-9a-f]{40}\b"
    # a digest,
    r"|sha256:[0-9a-f]{64}\b"
    # an image of a public registry at a tag,
    r"|\b(?:docker|ghcr|quay|gcr|k8s)\.io/[\w./-]+:\w"
    r"|\bpublic\.ecr\.aws/[\w./-]+:\w"
    # or of the one that needs no name.
    r"|^(?:FROM|ARG BASE=) *[\w./-]+:\w"
    r"|^ *(?:- )?image: *[\"']?[\w-]+(?:/[\w.-]+)*:\w"
)


def elsewhere(root: Path, names: list[str]) -> Iterator[Place]:
    """Where else an action or an image is named by a version or a content."""
    looked = [name for name in names if name.startswith(FOLDERS) and name != str(PLACE)]
    return matching(root, looked, NAMED)


def unused(pinned: Pinned, contents: str) -> list[str]:
    """What is kept although nothing asks for it any more."""
    return [name for kind in pinned.values() for name in kind if f'"{name}"' not in contents]


def test_nothing_is_named_by_its_version_elsewhere() -> None:
    found = list(elsewhere(CHECKOUT, tracked()))
    assert not found, "\n".join(map(str, found))


def test_all_that_is_kept_is_used() -> None:
    names = [name for name in tracked() if name.startswith(FOLDERS) and name != str(PLACE)]
    contents = "\n".join(text(CHECKOUT, name) for name in names).replace("'", '"')
    pinned = read(CHECKOUT / PLACE)
    assert not unused(pinned, contents)
    assert unused({**pinned, "images": {"docker.io/library/gone": {}}}, contents)


def test_every_action_is_named_by_a_commit() -> None:
    for name, one in read(CHECKOUT / PLACE)["actions"].items():
        assert re.fullmatch(r"[0-9a-f]{40}", one["commit"]), name
        assert one["version"].startswith(f"{one['within']}."), name


def test_every_source_is_named_by_a_commit() -> None:
    for name, one in read(CHECKOUT / PLACE)["sources"].items():
        assert re.fullmatch(r"[0-9a-f]{40}", one["commit"]), name
        assert re.match(r"v?\d", one["tag"]), name


def test_every_image_has_a_tag_that_says_its_version() -> None:
    for name, one in read(CHECKOUT / PLACE)["images"].items():
        assert re.match(r"v?\d", one["tag"]), name
        assert re.fullmatch(r"(?:sha256:[0-9a-f]{64})?", one["digest"]), name


@pytest.mark.parametrize(
    "line",
    [
        "        uses: actions/checkout@" + "0" * 40 + " # v6.0.3",
        "        uses: actions/checkout@v6",
        'uses: "some/action/below@main"',
        'IMAGE = "docker.io/library/redis:8"',
        "image: quay.io/keycloak/keycloak:26.0",
        "  image: redis:8",
        "ARG BASE=python:3.11",
        "FROM debian:13 AS build",
        'DIGEST = "sha256:' + "a" * 64 + '"',
    ],
)
def test_a_planted_name_is_found(line: str, tmp_path: Path) -> None:
    for name in ("templates/step.jinja", "stacks/part.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(f"first\n{line}\n", encoding="utf-8")
        assert [one.line for one in elsewhere(tmp_path, [name])] == [2]


@pytest.mark.parametrize(
    "line",
    [
        "        uses: {@ action('actions/checkout') @}",
        "ARG BASE={@ image('docker.io/library/python') @}",
        "FROM ${BASE} AS build",
        "https://docs.docker.io/engine",
        'DIGEST = re.compile(r"sha256:[0-9a-f]{64}")',
        "person@example.org",
    ],
)
def test_other_lines_are_left_alone(line: str, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "step.jinja").write_text(line, encoding="utf-8")
    assert not list(elsewhere(tmp_path, ["templates/step.jinja"]))
