"""Images for a bed without a registry, under the names that they have elsewhere."""

import subprocess
from pathlib import Path

import system
from .archive import Image, write
from .build import locked, say
from .faults import Unable
from .places import IMAGES

BUSYBOX = "docker.io/library/busybox:1.36"


def busybox() -> Path:
    """The archive of a small image with a shell and the usual tools, from Debian's static one."""
    path = IMAGES / "busybox.tar"
    with locked(IMAGES / "busybox.lock"):
        if not path.is_file():
            say(f"making {BUSYBOX}")
            new = path.with_suffix(".new")
            write(_busybox(), new)
            new.rename(path)
    return path


def busybox_program() -> Path:
    """Debian's static busybox."""
    program = system.unpacked("busybox-static") / "bin" / "busybox"
    if not program.is_file():
        raise Unable("busybox-static is missing; install it, then try again")
    return program


def busybox_links(program: Path) -> dict[str, str]:
    """Each of its tools by its own name."""
    listed = subprocess.run((program, "--list"), capture_output=True, text=True, check=True)
    return {f"bin/{name}": "busybox" for name in listed.stdout.split() if name != "busybox"}


def _busybox() -> Image:
    program = busybox_program()
    links = busybox_links(program)
    return Image(BUSYBOX, ("/bin/sh",), {"bin/busybox": program}, links, ("tmp", "srv"))
