"""Programs that tests get from the registries of Go and npm, at pinned versions, built once."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path


def cache() -> Path:
    """Where they are kept between runs, outside the checkout."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ninefold" / "tools"


def go(package: str) -> Path | None:
    """A program built from its Go module (`path@version`), or None where there is no Go."""
    path, _, version = package.rpartition("@")
    # A major version at the end of a path is no name.
    name = re.sub(r"/v\d+$", "", path).rpartition("/")[2]
    program = cache() / version / name
    if not program.is_file():
        if not shutil.which("go"):
            return None
        environment = {**os.environ, "GOBIN": str(program.parent), "CGO_ENABLED": "0"}
        subprocess.run(
            ["go", "install", "-ldflags=-s -w", package], env=environment, check=True, timeout=1200
        )
    return program


def npm(folder: Path) -> Path | None:
    """The installed packages of a folder's lock, or None where they cannot be had."""
    lock = (folder / "package-lock.json").read_bytes()
    place = cache() / f"{folder.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if (place / "done").is_file():
            return place / "node_modules"
        if not shutil.which("npm"):
            return None
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, place)
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--silent")
        done = subprocess.run(["npm", "ci", *quiet], cwd=place, check=False, timeout=600)
        if done.returncode:
            return None
        (place / "done").touch()
    return place / "node_modules"
