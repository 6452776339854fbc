"""Images that a platform names, for a bed that can pull none: Debian's programs, or built ones.

They keep to the contract of the published images (places, variables, arguments), not to their
versions: whoever names a cluster of their own gets the published ones.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from . import build, builder, pins
from .access import Access
from .archive import Image, write
from .build import locked, say
from .faults import Fault
from .images import busybox_links, busybox_program
from .places import IMAGES

# The repository of an image -> the folder of its Containerfile.
FOLDER = Path(__file__).resolve().parents[1] / "images"
DEBIAN: Mapping[str, str] = {
    "docker.io/library/postgres": "postgres",
    "docker.io/prom/prometheus": "prometheus",
    "docker.io/valkey/valkey": "valkey",
}
# The repository of an image -> what builds the one program in it, its name, and where it is.
BUILT: Mapping[str, tuple[pins.Group, str, str]] = {
    "docker.io/versity/versitygw": (pins.STORES, "versitygw", "usr/local/bin"),
    "quay.io/kuberay/operator": (pins.OPERATORS, "kuberay", "usr/local/bin"),
    "quay.io/argoproj/argoexec": (pins.WORKFLOWS, "argoexec", "bin"),
}


def give(node: Access, name: str) -> None:
    """Give a node of ours what stands for the image `name`."""
    node.load(archive(name), name)


def archive(name: str) -> Path:
    """The archive of the image `name`, under any of its tags; made once for its recipe.

    Its digest is that of the published one: the node is told that it means ours (`Node.load`).
    """
    tagged = name.partition("@")[0]
    repository, _, tag = tagged.rpartition(":")
    if repository in BUILT:
        return _program(tagged, tag, *BUILT[repository])
    if repository not in DEBIAN:
        raise Fault(f"there is no stand-in for {name}; there are {', '.join((*DEBIAN, *BUILT))}")
    folder = FOLDER / DEBIAN[repository]
    path = IMAGES / f"{folder.name}-{tag}-{_key(folder)}.tar"
    with locked(IMAGES / f"{folder.name}.lock"):
        if not path.is_file():
            builder.image(folder, tagged).rename(path)
        path.touch()  # used, so it stays
    return path


def _key(folder: Path) -> str:
    """A short hash of all that decides what comes out of the build."""
    parts = [repr((builder.RELEASE, builder.PACKAGES)).encode()]
    parts += [one.read_bytes() for one in sorted(folder.iterdir())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _program(name: str, tag: str, group: pins.Group, program: str, folder: str) -> Path:
    build.provide((group,))
    path = IMAGES / f"{program}-{tag}-{pins.key(group)}.tar"
    with locked(IMAGES / f"{program}.lock"):
        if not path.is_file():
            say(f"making {name}")
            shell, place = busybox_program(), f"{folder}/{program}"
            programs = {"bin/busybox": shell, place: group.program(program)}
            new = path.with_suffix(".new")
            write(Image(name, (f"/{place}",), programs, busybox_links(shell), ("tmp",)), new)
            new.rename(path)
        path.touch()  # used, so it stays
    return path
