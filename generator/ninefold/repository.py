"""One rendered repository: its files, their digest, and its first commit."""

import errno
import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from ninefold.errors import NinefoldError

BRANCH = "main"
ANSWERS = ".copier-answers.yml"
# What ninefold itself adds to a rendered tree.
OWN = frozenset({".git", "ninefold.lock"})

# A hook or a rebase that calls us sets these; they would send our commands to its repository.
_FOREIGN = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
    "GIT_PREFIX", "GIT_NAMESPACE", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)  # fmt: skip

# A first commit must not depend on the hooks, keys and conversions of whoever makes it.
_NEUTRAL = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.autocrlf=false",
    "-c", "core.safecrlf=false",
    "-c", "commit.gpgSign=false",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
)  # fmt: skip


# What Git says when it is told ENOSPC.
_FULL = (os.strerror(errno.ENOSPC), "Out of diskspace")


class GitError(NinefoldError):
    """Git refused."""


def raise_if_full(said: str) -> None:
    """Git only tells in words that the disk is full; the system's own error has a remedy."""
    if any(words in said for words in _FULL):
        raise OSError(errno.ENOSPC, _FULL[0])


def keep_to_itself() -> None:
    """Let Git, also as Copier calls it, see no other repository, ask nothing and speak plainly."""
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ["GIT_TERMINAL_PROMPT"] = "0"
    os.environ["LC_ALL"] = "C"
    # Example hooks, which every clone would copy.
    os.environ["GIT_TEMPLATE_DIR"] = ""
    # Without Git Copier would render, but nothing could ever be updated.
    git(Path.cwd(), "--version")


def git(
    folder: Path,
    *arguments: str,
    settings: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> str:
    """Run Git in a folder, for so long at most; answer its output, or raise what it said last."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**os.environ, **(settings or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed; install it and try again") from error
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git did not end within {seconds} seconds") from error
    if done.returncode:
        raise_if_full(done.stderr)
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise GitError(said[-1] if said else f"git ended with status {done.returncode}")
    return done.stdout.strip()


def files(folder: Path) -> Iterator[Path]:
    """Every rendered file, sorted by its path, without what ninefold adds."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    yield from sorted(
        (path for path in found if path.relative_to(folder).parts[0] not in OWN),
        key=lambda path: path.relative_to(folder).as_posix(),
    )


def digest(folder: Path) -> str:
    """One digest over paths, executable bits and contents."""
    total = hashlib.sha256()
    for path in files(folder):
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        kind = "link" if path.is_symlink() else _kind(path)
        name = path.relative_to(folder).as_posix()
        total.update(f"{kind} {hashlib.sha256(content).hexdigest()} {name}\n".encode())
    return total.hexdigest()


def _kind(path: Path) -> str:
    return "program" if path.stat().st_mode & stat.S_IXUSR else "file"


def commit_first(folder: Path, message: str) -> str:
    """Make the folder a repository with everything in it committed; answer the short commit."""
    try:
        git(folder, "init", "--quiet", "--template=", f"--initial-branch={BRANCH}")
        return commit_all(folder, message)
    except GitError as error:
        raise GitError(
            f"{folder.name}: Git cannot make the first commit ({error}); "
            "mend what it says and run it again"
        ) from error


def commit_all(folder: Path, message: str) -> str:
    """Commit everything that was rendered into the folder; answer the short commit."""
    # A rendered .gitignore, or a person's own, must not keep a rendered file out.
    git(folder, *_NEUTRAL, "add", "--all", "--force")
    identity = _identity(folder)
    git(folder, *_NEUTRAL, *identity, "commit", "--quiet", "--no-verify", "-m", message)
    return git(folder, "rev-parse", "--short", "HEAD")


def _identity(folder: Path) -> tuple[str, ...]:
    """The person's own name where Git knows it, else a neutral one for this commit only."""
    try:
        git(folder, "var", "GIT_AUTHOR_IDENT")
        git(folder, "config", "user.email")
    except GitError:
        return ("-c", "user.name=Ninefold", "-c", "user.email=ninefold@localhost")
    return ()
