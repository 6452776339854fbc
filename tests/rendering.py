"""Families rendered once per state of the checkout and shared between the tiers."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import programs
import yaml

from ninefold.names import folder_of

CHECKOUT = Path(__file__).resolve().parents[1]
CACHE = CHECKOUT / "build" / "families"
TYPES = programs.cache() / "types"  # what a type checker found out about libraries, in any run
EXAMPLE = CHECKOUT / "examples" / "flight-delays" / "product.yaml"
ROLES = ("product", "data-engineering", "training", "serving", "monitoring", "platform")
KEPT = 3 * 3600.0  # seconds
# What a rendered family follows from.
SOURCES = ("copier.yml", "templates", "stacks", "generator", "examples")


@dataclass(frozen=True)
class Family:
    """The folder of a rendered family."""

    folder: Path
    name: str

    def repository(self, role: str) -> Path:
        """One role's repository."""
        return self.folder / f"{self.name}-{role}"

    def package(self, role: str) -> str:
        """The Python package of one role."""
        return f"{self.name}-{role}".replace("-", "_")


def digest() -> str:
    """Names the state of everything that is rendered."""
    found = hashlib.sha256()
    for name in _listed():
        path = CHECKOUT / name
        if path.is_file():
            found.update(f"{name}\0{path.stat().st_mode & 0o111}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _listed() -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *SOURCES],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(filter(None, done.stdout.split("\0")))


def flight_family() -> Family:
    """Render the flight example with `ninefold new`, unless this state was rendered before."""
    folder = CACHE / digest() / "flight-delays"
    with _alone(CACHE / "lock"):
        if not folder.is_dir():
            _sweep()
            folder.parent.mkdir(parents=True, exist_ok=True)  # other tests keep theirs there
            ninefold("new", EXAMPLE, "--into", folder)
    return Family(folder, "flight-delays")


def _sweep() -> None:
    """Remove families of former states; another session may still use a fresh one."""
    for old in CACHE.iterdir():
        if old.is_dir() and time.time() - old.stat().st_mtime > KEPT:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        flock(file, LOCK_EX)
        yield


def ninefold(*arguments: str | Path) -> str:
    """Run the command, which must succeed."""
    command = [sys.executable, "-m", "ninefold", *map(str, arguments)]
    return call(*command, at=CHECKOUT)


def surroundings() -> dict[str, str]:
    """A person's environment: ours, without the virtual environment of the tests.

    All repositories have the same versions of libraries: each is looked at once. What is known is
    believed as long as the file has the same content.
    """
    ours = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    return {"MYPY_CACHE_DIR": str(TYPES), **ours}


def call(*command: str | Path, at: Path, timeout: float = 1200, **more: str) -> str:
    """Run a command as a user would; a failure shows its whole output."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=at,
        env={**surroundings(), **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    shown = " ".join(map(str, command))
    assert done.returncode == 0, f"{at.name}$ {shown}: exit {done.returncode}\n{done.stdout}"
    return done.stdout


def copy(repository: Path, into: Path) -> Path:
    """A copy of a repository's files without its environment and history."""
    ignored = shutil.ignore_patterns(".venv", ".git", "*_cache", "__pycache__")
    shutil.copytree(repository, into, ignore=ignored)
    return into


def set_up(repository: Path) -> None:
    """Install the repository's environment with its own verb, once."""
    with _alone(repository.parent / f"{repository.name}.lock"):
        call("make", "setup", at=repository)


def example() -> dict[str, Any]:
    """The flight example."""
    spec: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    return spec


def alone(spec: Mapping[str, Any], role: str, into: Path) -> Path:
    """One role's repository, by Copier itself."""
    from copier import run_copy  # takes most of a second, which few tests need

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a checkout with uncommitted changes
        data = {**spec, "role": role}
        run_copy(str(CHECKOUT), into, data=data, defaults=True, vcs_ref="HEAD", quiet=True)
    return into


def delivering_family(delivery: str) -> Family:
    """The flight example's platform repository with another delivery, once for this state."""
    folder = CACHE / digest() / delivery
    family = Family(folder, "flight-delays")
    with _alone(CACHE / "lock"):
        if not folder.is_dir():
            spec = example()
            spec["technologies"]["cicd"]["delivery"] = {"kubernetes": delivery}
            alone(spec, "platform", family.repository("platform"))
    return family


def laptop() -> dict[str, Any]:
    """The flight example for one machine, and no more than a foundation beyond.

    A technology that runs there only can take another's place.
    """
    spec = example()
    spec["environments"]["staging"]["layers"] = ["foundation"]
    spec["technologies"]["orchestration"] = spec["technologies"]["orchestration"]["local"]
    return spec


def described(component: str, technology: str) -> dict[str, Any]:
    """What a technology says about itself."""
    folder = CHECKOUT / "stacks" / "ninefold_stacks" / component / folder_of(technology)
    found: dict[str, Any] = yaml.safe_load((folder / "technology.yaml").read_text("utf-8"))
    return found


def hosting(description: dict[str, Any]) -> dict[str, str]:
    """The host of the code without which a technology cannot work, if it is so."""
    slot = "source_repository"
    hosts = (CHECKOUT / "stacks" / "ninefold_stacks" / slot).glob("*/technology.yaml")
    needed = set(description["needs"])
    found = [
        path.parent.name
        for path in hosts
        if needed & set(described(slot, path.parent.name)["offers"])
    ]
    return {slot: found[0]} if found else {}


def repository_with(family: Family, component: str, technology: str, role: str) -> Path:
    """One role's repository that uses a technology: the family's, or one rendered for it."""
    # How a change is delivered shows only where there is something to deliver to.
    spec = example() if component == "cicd" else laptop()
    filled = spec["technologies"][component]
    if technology in (filled.values() if isinstance(filled, dict) else (filled,)):
        return family.repository(role)
    description = described(component, technology)
    chosen = dict.fromkeys(description["slots"], technology)
    spec["technologies"][component] = (
        {**filled, **chosen} if isinstance(filled, dict) else technology
    )
    spec["technologies"] |= hosting(description)
    if component == "source_repository":
        # Which pipelines a host can run is the affair of their own tests.
        spec["technologies"]["cicd"]["pipelines"] = "none"
    target = family.folder.parent / f"{component}-{technology}"
    if not target.is_dir():
        changed = family.folder.parent / f"{target.name}.yaml"
        changed.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
        ninefold("new", changed, "--into", target)
    return target / f"{family.name}-{role}"
