"""Programs that tests need and no Python package brings, unpacked beside the package caches.

No service is started: a Debian package is fetched and unpacked into the user's cache folder, and
the programs in it are put on the PATH of the tests. A browser and Java are installed instead.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

# What needs too many libraries beside it to be only unpacked: it is installed, where one may.
INSTALLED = frozenset(
    [
        "buildah",
        "chromium",
        "debootstrap",
        "iproute2",
        "iptables",
        "openjdk-17-jre-headless",
        "openssl",
        "redis-tools",
        "rsync",
    ]
)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ninefold" / "system"


def provide(command: str, package: str) -> None:
    """Put a command on the PATH; where that cannot be, say how, and let its tests decide."""
    if shutil.which(command):
        return
    place = CACHE / package
    try:
        if package in INSTALLED:
            _install(package)
            return
        if not place.is_dir():
            _unpack(package, place)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{command} is missing ({error}); install {package}, then try again", file=sys.stderr)
        return
    for folder in ("bin", "sbin"):
        os.environ["PATH"] += os.pathsep + str(place / "usr" / folder)


def unpacked(package: str) -> Path:
    """The folder of a package that has no command of its own; it is fetched if need be."""
    place = CACHE / package
    if not place.is_dir():
        try:
            _unpack(package, place)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{package} is missing ({error})", file=sys.stderr)
    return place


def lacking(tools: Collection[tuple[str, str]]) -> list[str]:
    """The packages of the commands that are missing, although it was tried to get them."""
    for command, package in tools:
        provide(command, package)
    return [package for command, package in tools if shutil.which(command) is None]


def _install(package: str) -> None:
    if os.geteuid() != 0:
        raise PermissionError("only root can install it")
    print(f"installing {package}", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    subprocess.run(install, env=quiet, stdout=subprocess.DEVNULL, check=True)


def _unpack(package: str, place: Path) -> None:
    print(f"fetching {package} into {place}", flush=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        if os.geteuid() == 0:
            subprocess.run(["apt-get", "update", "-qq"], check=True)
        fetch = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", package]
        subprocess.run(fetch, cwd=folder, check=True)
        archive = next(Path(folder).glob("*.deb"))
        unpacked = Path(folder) / "unpacked"
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(unpacked)], check=True)
        unpacked.rename(place)
