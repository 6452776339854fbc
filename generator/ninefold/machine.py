"""What this machine has, and what each part is needed for."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_GIGABYTE = 1024**3
_NEEDED_DISK = 10
_NEEDED_MEMORY = 4
_NEEDED_GLIBC = (2, 28)
_NEEDED_GIT = (2, 27)


@dataclass(frozen=True)
class Finding:
    """One thing that is there, or missing with its remedy."""

    name: str
    purpose: str
    found: str | None
    remedy: str
    required: bool


def findings(folder: Path) -> Iterator[Finding]:
    """Look at everything in turn; `folder` is where a family would be made."""
    for name, purpose, look, remedy in _required(folder):
        yield Finding(name, purpose, look(), remedy, required=True)
    for name, purpose, look, remedy in _OPTIONAL:
        yield Finding(name, purpose, look(), remedy, required=False)


def _required(folder: Path) -> tuple[tuple[str, str, Callable[[], str | None], str], ...]:
    return (
        ("python", "runs everything", _python, "install Python 3.11 or later"),
        ("uv", "installs each repository's environment", lambda: _version("uv", "--version"),
         "python3 -m pip install uv"),
        ("git", "keeps the repositories, reads templates", _git,
         "install git 2.27 or later: apt install git, or brew install git"),
        ("make", "runs the repositories' verbs", lambda: _version("make", "--version"),
         "apt install make, or xcode-select --install"),
        ("disk", "environments and data of a family", lambda: _disk(folder),
         f"free {_NEEDED_DISK} GB where the family shall be"),
        ("memory", "training and feature joins", _memory,
         f"use a machine (or container limit) with {_NEEDED_MEMORY} GB"),
        ("C library", "ready-built Python packages", _c_library,
         "use a system with glibc 2.28 or later, or macOS; Alpine's musl lacks packages"),
    )  # fmt: skip


_OPTIONAL: tuple[tuple[str, str, Callable[[], str | None], str], ...] = (
    ("pulumi", "provisions the platform", lambda: _version("pulumi", "version"),
     "see https://www.pulumi.com/docs/install"),
    ("kubectl", "looks into a cluster", lambda: _version("kubectl", "version", "--client"),
     "see https://kubernetes.io/docs/tasks/tools"),
    ("container builder", "builds the repositories' images", lambda: _builder(),
     "install one of buildah, podman or docker"),
    ("java", "technologies that run on the JVM", lambda: _version("java", "-version"),
     "apt install default-jre-headless, or brew install openjdk"),
)  # fmt: skip


def _python() -> str | None:
    return platform.python_version() if sys.version_info >= (3, 11) else None


def _version(command: str, *arguments: str) -> str | None:
    """The first line that a command says about its version, None if it cannot be run."""
    path = shutil.which(command)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    said = (done.stdout or done.stderr).strip().splitlines()
    return said[0].strip() if done.returncode == 0 and said else None


def _git() -> str | None:
    said = _version("git", "--version")
    number = re.search(r"(\d+)\.(\d+)", said or "")
    enough = number and (int(number[1]), int(number[2])) >= _NEEDED_GIT
    return said if enough else None


def _builder() -> str | None:
    for command in ("buildah", "podman", "docker"):
        said = _version(command, "--version")
        if said:
            return said
    return None


def _disk(folder: Path) -> str | None:
    place = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(place).free / _GIGABYTE
    return f"{free:.0f} GB free" if free >= _NEEDED_DISK else None


def _memory() -> str | None:
    """Physical memory, or the limit of the container where that is less."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    size = min([pages, *_limits()]) / _GIGABYTE
    # What is sold as 4 GB shows a little less.
    return f"{size:.0f} GB" if size >= _NEEDED_MEMORY * 0.9 else None


def _limits() -> Iterator[int]:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = Path("/sys/fs/cgroup", name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            yield int(text)


def _c_library() -> str | None:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    name, version = platform.libc_ver()
    number = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return f"{name} {version}" if name == "glibc" and number >= _NEEDED_GLIBC else None
