"""What is published is what was built, by the real engine to a real registry."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from desk import desk
from registry import PASSWORD, USER, Registry, running

from rendering import Family, surroundings


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Registry]:
    """A registry without images."""
    if os.geteuid() != 0:
        pytest.skip("optional: images are built without a container engine by root only")
    (tmp_path / "registry").mkdir()
    with running(tmp_path / "registry") as here:
        yield here


def engine(images: Registry, folder: Path) -> Mapping[str, str]:
    """Variables of an engine with a store of its own: what is built here is needed nowhere else."""
    store = folder / "storage.conf"
    store.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{folder / "kept"}"\n'
        f'runroot = "{folder / "running"}"\n',
        "utf-8",
    )
    named = {"CONTAINERS_STORAGE_CONF": str(store), "CONTAINER": "buildah", "UV": "true"}
    given = {"REGISTRY_USER": USER, "REGISTRY_PASSWORD": PASSWORD}
    place = {"REGISTRY": f"{images.host}/again"}
    return {**surroundings(), **images.settings(), **named, **given, **place}


def call(*command: str, at: Path, known: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=at, env=known, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_a_run_that_is_repeated_publishes_what_it_built(
    family: Family, empty: Registry, tmp_path: Path
) -> None:
    here = desk(family.repository("serving"), tmp_path, lock=False)
    (here.folder / "uv.lock").write_text("version = 1\n", "utf-8")
    tree = here.commit("Lock")
    known = engine(empty, tmp_path)
    name = f"again/{here.folder.name}"
    image = f"{empty.host}/{name}"

    def published(content: str) -> tuple[str, str]:
        """Publish an image that holds this; the tag and digest that the repository is left with."""
        (tmp_path / "content").write_text(content, "utf-8")
        container = call("buildah", "from", "scratch", at=tmp_path, known=known)
        call("buildah", "copy", container, "content", "/content", at=tmp_path, known=known)
        call("buildah", "commit", container, f"{image}:built", at=tmp_path, known=known)
        call("buildah", "rm", container, at=tmp_path, known=known)
        call("make", "publish", f"IMAGE={image}:built", at=here.folder, known=known)
        place, _, digest = (here.folder / "build/published").read_text("utf-8").partition("@")
        name, _, tag = place.rpartition(":")
        assert name == image
        return tag, digest.strip()

    first = published("built once")
    assert first == (tree, empty.digest(name, tree))
    again = published("built anew, with other times in it")
    assert again[0] == tree != first[1] != again[1] == empty.digest(name, tree)

    # From now on this tag never moves: its place is no file that could be written.
    link = next((empty.folder / "blobs").rglob(f"tags/{tree}/current/link"))
    link.unlink()
    link.mkdir()
    tag, digest = published("built while tags never move")
    assert tag.startswith(f"{tree}-")
    assert digest == empty.digest(name, tag) not in (first[1], again[1])

    (here.folder / "uv.lock").write_text("version = 2\n", "utf-8")
    other = here.commit("Lock anew")
    assert other != tree
    assert published("built of another lock") == (other, empty.digest(name, other))
