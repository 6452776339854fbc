"""The family on disk: which repositories stand beside this one, and their environments."""

import contextlib
import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from .children import Children
from .faults import Fault
from .pipeline import LoopStep

TAKEOVER: Final = 20.0  # seconds in which what a killed run left behind comes to its end


def uv() -> str:
    """The uv that runs this repository."""
    return os.environ.get("UV", "uv")


def folder_of(repository: str) -> Path:
    """The repository's folder, beside this one."""
    return Path.cwd().parent / repository


def present_roles(steps: Sequence[LoopStep]) -> frozenset[str]:
    """Roles whose repositories are in the family."""
    return frozenset(
        step.role for step in steps if (folder_of(step.repository) / "pyproject.toml").is_file()
    )


@contextlib.contextmanager
def setting_up(
    repository: str, children: Children, show: Callable[[str], None]
) -> Iterator[Callable[[], None]]:
    """Install the repository's locked environment beside others; call what it yields to wait.

    That raises `Fault` when the installation has failed.
    """
    folder = folder_of(repository)
    child = children.start(["make", "--silent", "setup"], folder=folder, environment={}, show=show)

    def wait() -> None:
        code = child.process.wait()
        if code != 0:
            raise Fault(
                f"setting up {repository} failed (exit status {code}); what it says above names the "
                f"reason; try it by hand: make -C {folder} setup"
            )

    try:
        yield wait
    finally:
        children.end(child)


def is_set_up(repository: str) -> bool:
    """Whether the repository's environment is the one that its lock file names; asks no network."""
    folder = folder_of(repository)
    if not (folder / "uv.lock").is_file() or not (folder / ".venv").is_dir():
        return False
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    answer = subprocess.run(
        [uv(), "sync", "--frozen", "--check", "--offline", "--quiet"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return answer.returncode == 0


@contextlib.contextmanager
def locked(state: Path) -> Iterator[int]:
    """Hold the family's lock, as a descriptor; raises `Fault` when another run holds it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "loop.lock").open("a+", encoding="utf-8") as stream:
        _acquire(stream)
        stream.seek(0)
        stream.truncate()
        stream.write(f"{os.getpid()} {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        stream.flush()
        yield stream.fileno()


def _acquire(stream: IO[str]) -> None:
    """Take the lock; what a killed run left behind holds it only until it has ended."""
    deadline = time.monotonic() + TAKEOVER
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            pid, _, since = stream.read().strip().partition(" ")
            if not pid or _alive(int(pid)) or time.monotonic() > deadline:
                raise Fault(
                    f"this family's loop is running already (process {pid or 'unknown'}, since "
                    f"{since or 'just now'}); wait for it or stop it, then try again"
                ) from None
            time.sleep(0.2)
        else:
            return


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
