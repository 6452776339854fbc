"""Build Containerfiles as they are, without a registry and without a container engine.

Base images are bootstrapped from Debian and stand under the names that they have in the world.
What the machine needs to reach its package indexes (its certificates, the settings of pip and uv)
is lent to the build and does not get into the image.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import system
from .build import locked, say
from .faults import Fault, Unable
from .places import IMAGES

PYTHON = "docker.io/library/python:3.11-slim"
# What stands for the published base, whose digest no image made here can have.
BASE = f"BASE={PYTHON}"
# The release of Debian with this Python.
RELEASE = "bookworm"
PACKAGES = ("ca-certificates", "python3", "python3-pip", "python3-venv")
TOOLS = ("buildah", "debootstrap")
KEPT = 7 * 24 * 3600  # seconds
# Three images of roles on their way into a node: their layers, an archive, and the node's copy.
ROOM = 16 * 1024**3  # bytes
CERTIFICATES = Path("/etc/ssl/certs")
# Where a machine says how its package indexes are reached.
SETTINGS = {
    "/etc/pip.conf": ("PIP_CONFIG_FILE", "~/.config/pip/pip.conf", "~/.pip/pip.conf"),
    "/etc/uv/uv.toml": ("UV_CONFIG_FILE", "~/.config/uv/uv.toml"),
}


def image(folder: Path, name: str) -> Path:
    """Build the Containerfile of a folder; the archive of the image, to load it into a node."""
    prepare()
    base()
    forget()
    with locked(IMAGES / "storage.lock"), tempfile.TemporaryDirectory() as settings:
        say(f"building {name} from {folder / 'Containerfile'}")
        _buildah(
            "build",
            "--isolation=chroot",
            "--pull-never",
            "--layers",
            f"--tag={name}",
            f"--file={folder / 'Containerfile'}",
            f"--build-arg={BASE}",
            *(f"--volume={one}" for one in lent(Path(settings))),
            str(folder),
        )
        archive = IMAGES / f"{name.replace('/', '_').replace(':', '_')}.tar"
        archive.unlink(missing_ok=True)
        _buildah("push", name, f"docker-archive:{archive}:{name}")
        return archive


def remove(name: str, archive: Path) -> None:
    """Take an image away that was loaded; what its build kept makes the next one quick."""
    with locked(IMAGES / "storage.lock"):
        archive.unlink(missing_ok=True)
        _buildah("rmi", name)


def forget() -> None:
    """Take away what builds kept: what is older than a week, and where the disk is full the rest.

    What a build kept makes the next one quick; a build that does not fit makes none.
    """
    oldest = time.time() - KEPT
    with locked(IMAGES / "storage.lock"):
        # One that another stands on cannot be removed before that.
        while _forgotten(oldest):
            pass
    for archive in IMAGES.glob("*-*.tar"):
        # A stand-in for what is named no longer; those that are used are touched.
        if archive.stat().st_mtime < oldest:
            archive.unlink(missing_ok=True)


def _forgotten(oldest: float) -> int:
    """Remove what can be, from the oldest on; how many that were."""
    known = json.loads(_buildah("images", "--all", "--json") or "null") or []
    removed = 0
    for one in sorted(known, key=lambda image: float(image["created"])):
        useless = one["created"] < oldest or shutil.disk_usage(IMAGES).free < ROOM
        if useless and not one.get("names"):
            done = subprocess.run(_command("rmi", one["id"]), capture_output=True, check=False)
            removed += not done.returncode
    return removed


def prepare() -> None:
    """Get what Debian has."""
    if os.geteuid() != 0:
        raise Unable("building images needs root")
    if missing := system.lacking([(command, command) for command in TOOLS]):
        raise Unable(f"building images needs {' '.join(missing)}; install them, then try again")


def base() -> None:
    """Have the base image; it is bootstrapped once and kept."""
    with locked(IMAGES / "storage.lock"):
        if _exists(PYTHON):
            return
        say(f"bootstrapping {PYTHON} from Debian {RELEASE} (once; about two minutes)")
        # Not in memory, and not where a folder of devices is refused.
        with tempfile.TemporaryDirectory(dir=IMAGES) as folder:
            root = Path(folder) / "root"
            _run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}",
                 RELEASE, str(root))  # fmt: skip
            _trim(root)
            _import(root)


def _trim(root: Path) -> None:
    """Take out what a container does not need, and give Python the name that it has elsewhere."""
    for place in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"):
        shutil.rmtree(root / place, ignore_errors=True)
        (root / place).mkdir(parents=True)
    for place in ("dev", "proc", "sys"):
        shutil.rmtree(root / place, ignore_errors=True)
        (root / place).mkdir()
    for name in ("python", "python3"):
        (root / "usr" / "local" / "bin" / name).symlink_to("/usr/bin/python3")


def _import(root: Path) -> None:
    container = _buildah("from", "--name=ninefold-base", "scratch").strip()
    try:
        _buildah("add", "--quiet", container, str(root), "/")
        _buildah("config", "--cmd=python3", "--env=PATH=" + _path(), container)
        _buildah("commit", "--quiet", container, PYTHON)
    finally:
        _buildah("rm", container)


def _path() -> str:
    places = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")
    return ":".join(f"/{place}" for place in places)


def lent(folder: Path) -> list[str]:
    """The machine's own ways to its package indexes, as mounts that exist during the build only."""
    mounts = [f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    for place, (variable, *usual) in SETTINGS.items():
        named = [os.environ.get(variable, ""), *(str(Path(one).expanduser()) for one in usual)]
        found = next((Path(one) for one in (*named, place) if one and Path(one).is_file()), None)
        copy = folder / Path(place).name
        copy.write_text(found.read_text(encoding="utf-8") if found else "", encoding="utf-8")
        if copy.name == "uv.toml" and "native-tls" not in copy.read_text(encoding="utf-8"):
            # Trust what the machine trusts.
            copy.write_text(f"native-tls = true\n{copy.read_text(encoding='utf-8')}")
        mounts.append(f"{copy}:{place}:ro")
    return mounts


def _exists(name: str) -> bool:
    done = subprocess.run(_command("inspect", "--type=image", name), capture_output=True)
    return done.returncode == 0


def _command(*arguments: str) -> tuple[str, ...]:
    storage = (f"--root={IMAGES / 'storage'}", f"--runroot={IMAGES / 'running'}")
    return ("buildah", *storage, "--storage-driver=overlay", *arguments)


def _buildah(*arguments: str) -> str:
    return _run(*_command(*arguments), BUILDAH_ISOLATION="chroot")


def _run(*command: str, **more: str) -> str:
    given: Mapping[str, str] = {**os.environ, **more}
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise Fault(f"{command[0]} failed:\n{last}")
    return done.stdout
