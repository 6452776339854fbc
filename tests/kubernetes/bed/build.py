"""Build what is pinned, once, with lines of progress; later calls find it built."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from . import pins
from .faults import Fault
from .places import BUILT, SOURCES

SENTENCE = re.compile(r"\s")
EVERY = 20.0  # seconds between two lines of progress


def say(text: str) -> None:
    """A line of progress: on standard error, as standard output is the answer."""
    print(text, file=sys.stderr, flush=True)


def provide(groups: Iterable[pins.Group]) -> None:
    """Build the groups that are not there."""
    for group in groups:
        if not group.place.is_dir():
            with locked(BUILT / f"{group.name}.lock"):
                if not group.place.is_dir():
                    _build(group)


def definitions(kinds: Mapping[str, tuple[str, str]] = pins.KINDS) -> Path:
    """The folder with the custom kinds that every cluster knows, from the pinned modules."""
    versions = [
        f"{Path(inside).name}-{pins.version(SOURCES / pinned, module)}"
        for module, (pinned, inside) in kinds.items()
    ]
    place = BUILT / f"kinds-{'-'.join(versions)}"
    with locked(BUILT / "kinds.lock"):
        if not place.is_dir():
            with tempfile.TemporaryDirectory(dir=BUILT) as folder:
                copy = Path(folder) / "kinds"
                copy.mkdir()
                for module, (pinned, inside) in kinds.items():
                    _copy_kinds(module, SOURCES / pinned, inside, copy)
                copy.rename(place)
    return place


def _copy_kinds(module: str, pinned: Path, inside: str, into: Path) -> None:
    """Megabytes of YAML, which clients read slowly each time: JSON from now on."""
    source = fetched(module, pinned) / inside
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in source.glob("*.yaml"):
        document = yaml.load(path.read_bytes(), loader)
        if document["kind"] == "CustomResourceDefinition":
            (into / f"{path.stem}.json").write_text(json.dumps(document), encoding="utf-8")


def fetched(module: str, pinned: Path) -> Path:
    """The source of a module in the version that is pinned; its files are read-only."""
    asked = ("go", "mod", "download", "-json", module)
    return Path(json.loads(_run(asked, pinned))["Dir"])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock, so that two who want the same do not both make it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(group: pins.Group) -> None:
    names = ", ".join(package.rsplit("/cmd/", 1)[-1] for package in group.packages)
    tags = ("-tags", group.tags) if group.tags else ()
    flags = (*pins.FLAGS, *tags)
    say(f"building {names} (once for these pins; the first time takes minutes)")
    start = time.monotonic()
    for left in BUILT.glob(f".{group.name}-*"):  # by a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=BUILT, prefix=f".{group.name}-") as folder:
        made = Path(folder) / "bin"
        made.mkdir()
        work = _workspace(group, Path(folder))
        listed = ("go", "list", *_lister(flags), "-deps", *group.packages)
        total = len(_run(listed, group.folder, work).split())
        linker = ("-ldflags", pins.linked(group))
        command = ("go", "build", "-v", *flags, *linker, "-o", f"{made}/", *group.packages)
        _watched(command, group, total, work)
        for old, new in group.renamed:
            (made / old).rename(made / new)
        shutil.rmtree(group.place, ignore_errors=True)
        made.rename(group.place)
    say(f"built {group.name} in {_clock(time.monotonic() - start)}")


def _workspace(group: pins.Group, folder: Path) -> str:
    """A workspace where a module has the links that its archive lacks; `off` where none are."""
    module, links = group.linking
    if not module:
        return "off"
    copy, work = folder / "module", folder / "go.work"
    shutil.copytree(fetched(module, group.folder), copy, copy_function=shutil.copyfile)
    for place in (copy, *copy.rglob("*/")):
        place.chmod(0o755)
    for where, whither in links:
        (copy / where).symlink_to(whither)
    oldest = ".".join(map(str, pins.OLDEST_GO))
    work.write_text(f"go {oldest}.0\nuse {group.folder}\nreplace {module} => {copy}\n", "utf-8")
    return str(work)


def _lister(flags: Iterable[str]) -> tuple[str, ...]:
    return tuple(flag for flag in flags if not flag.startswith(("-gcflags", "-buildvcs")))


def _watched(command: tuple[str, ...], group: pins.Group, total: int, work: str) -> None:
    """Run the build; it names each package that it compiles, the rest are sentences."""
    compiled: list[str] = []
    sentences: list[str] = []
    done = threading.Event()

    def tell() -> None:
        start = time.monotonic()
        while not done.wait(EVERY):
            passed = _clock(time.monotonic() - start)
            say(f"  {group.name}: {len(compiled)} of at most {total} packages, {passed}")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    with subprocess.Popen(
        command, cwd=group.folder, env=_environment(work), text=True, stderr=subprocess.PIPE
    ) as running:
        for line in running.stderr or ():
            (sentences if SENTENCE.search(line.strip()) else compiled).append(line.rstrip())
    done.set()
    teller.join()
    if running.returncode:
        reason = "\n".join(sentences[-5:])
        raise Fault(f"the build of {group.name} failed in {group.folder}:\n{reason}")


def _run(command: tuple[str, ...], folder: Path, work: str = "off") -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environment(work), capture_output=True, text=True, check=False
    )
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Fault(f"{' '.join(command[:3])} failed in {folder}: {why[0]}")
    return done.stdout


def _environment(work: str) -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": work}


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
