"""Programs that tests need and no Python package brings, unpacked beside the package caches.

Nothing is installed and no service is started: a Debian package is fetched and unpacked into the
user's cache folder, and the programs in it are put on the PATH of the tests.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ninefold" / "system"


def provide(command: str, package: str) -> None:
    """Put a command on the PATH; where that cannot be, say how, and let its tests decide."""
    if shutil.which(command):
        return
    place = CACHE / package
    try:
        if not place.is_dir():
            _unpack(package, place)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{command} is missing ({error}); install {package}, then try again", file=sys.stderr)
        return
    os.environ["PATH"] += os.pathsep + str(place / "usr" / "bin")


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
