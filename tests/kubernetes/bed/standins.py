"""Images that a platform names, for a bed that can pull none: Debian's programs, or built ones.

They keep to the contract of the published images (places, variables, arguments), not to their
versions: whoever names a cluster of their own gets the published ones.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from . import build, builder, pins
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
GATEWAY = "docker.io/versity/versitygw"


def archive(name: str) -> Path:
    """The archive of the image `name`, under any of its tags; made once for its recipe.

    Its digest is that of the published one: the node is told that it names ours (`Node.load`).
    """
    tagged = name.partition("@")[0]
    repository, _, tag = tagged.rpartition(":")
    if repository == GATEWAY:
        return _gateway(tagged, tag)
    if repository not in DEBIAN:
        raise Fault(f"there is no stand-in for {name}; there are {', '.join((*DEBIAN, GATEWAY))}")
    folder = FOLDER / DEBIAN[repository]
    path = IMAGES / f"{folder.name}-{tag}-{_key(folder)}.tar"
    with locked(IMAGES / f"{folder.name}.lock"):
        if not path.is_file():
            builder.image(folder, tagged).rename(path)
    return path


def _key(folder: Path) -> str:
    """A short hash of all that decides what comes out of the build."""
    parts = [repr((builder.RELEASE, builder.PACKAGES)).encode()]
    parts += [one.read_bytes() for one in sorted(folder.iterdir())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _gateway(name: str, tag: str) -> Path:
    build.provide((pins.STORES,))
    path = IMAGES / f"versity-{tag}-{pins.key(pins.STORES)}.tar"
    with locked(IMAGES / "versity.lock"):
        if not path.is_file():
            say(f"making {name}")
            shell = busybox_program()
            program = "usr/local/bin/versitygw"
            programs = {"bin/busybox": shell, program: pins.STORES.program("versitygw")}
            new = path.with_suffix(".new")
            write(Image(name, (f"/{program}",), programs, busybox_links(shell), ("tmp",)), new)
            new.rename(path)
    return path
