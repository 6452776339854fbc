"""A hidden folder beside the target: what is built there appears as a whole, or not at all."""

import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ninefold.errors import NinefoldError

_PATIENCE = 100
_REASONS = {
    errno.ENOSPC: "no space is left on the device; free some, or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space, or choose another folder",
    errno.EACCES: "may not be written; choose a folder that you may write to",
    errno.EPERM: "may not be written; choose a folder that you may write to",
    errno.EROFS: "lies on a read-only file system; choose another folder",
    errno.EEXIST: "a folder above it is a file; choose another folder",
    errno.ENOTDIR: "a folder above it is a file; choose another folder",
}


class StagingError(NinefoldError):
    """The target cannot be written."""


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """Yield an empty folder on the target's file system, held by this process alone.

    It is removed at the end, however that comes about; after a kill the next run removes it. The
    temporary files of Copier and Git are kept in it too, so that none stay behind elsewhere.
    """
    made = _parents(target)
    hidden = target.parent / f".{target.name}.ninefold"
    try:
        holder = _hold(hidden, target)
        try:
            _clear(hidden)
            (hidden / "tmp").mkdir()
            (hidden / "new").mkdir()
            with _temporary_files_in(hidden / "tmp"):
                yield hidden / "new"
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
            os.close(holder)
    finally:
        for folder in made:
            # Only those that stayed empty are ours to remove.
            with _ignored(errno.ENOTEMPTY, errno.ENOENT, errno.EEXIST):
                folder.rmdir()


@contextmanager
def told(place: Path) -> Iterator[None]:
    """What the system refuses is one line with a remedy."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"{error.strerror or error}; choose another folder")
        raise StagingError(f"{place}: {reason}") from error


def publish(built: Path, target: Path) -> None:
    """One rename; an empty folder may be in the way, anything else is refused by the system."""
    try:
        built.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise StagingError(
                f"{target}: something else was put there meanwhile; choose another folder"
            ) from error
        if error.errno in (errno.EBUSY, errno.EXDEV):
            raise StagingError(
                f"{target}: a file system is mounted there; choose a folder inside it"
            ) from error
        raise


def _parents(target: Path) -> list[Path]:
    """Create the folders above the target; answer those that were missing, innermost first."""
    missing = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _hold(hidden: Path, target: Path) -> int:
    """Take the hidden folder for this process: the lock dies with it, unlike a marker file."""
    while True:
        hidden.mkdir(exist_ok=True)
        try:
            holder = os.open(hidden / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue  # Its owner has just removed it.
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(holder), (hidden / "lock").stat()):
                os.ftruncate(holder, 0)
                os.write(holder, str(os.getpid()).encode())
                return holder
        except FileNotFoundError:
            pass  # It was removed between opening and locking.
        except BlockingIOError as error:
            os.close(holder)
            raise StagingError(
                f"{target}: another `ninefold` is writing it; wait until it has ended"
            ) from error
        os.close(holder)


def _clear(hidden: Path) -> None:
    """Remove what a killed run left; a Git of its that still writes soon fails and ends."""
    for _ in range(_PATIENCE):
        left = [entry for entry in hidden.iterdir() if entry.name != "lock"]
        if not left:
            return
        for entry in left:
            shutil.rmtree(entry, ignore_errors=True)
        time.sleep(0.02)
    raise StagingError(f"{hidden}: cannot be emptied; remove it and run it again")


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir, os.environ["TMPDIR"] = str(folder), str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before[0]
        if before[1] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[1]


@contextmanager
def _ignored(*numbers: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise
