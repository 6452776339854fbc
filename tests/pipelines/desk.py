"""A developer's copy of a rendered repository, committed and pushed to a remote of its own."""

from dataclasses import dataclass
from pathlib import Path

from rendering import call, copy

WHO = ("-c", "user.name=A developer", "-c", "user.email=developer@example.org")


@dataclass(frozen=True)
class Desk:
    """The folder; its remote is a bare repository."""

    folder: Path

    def git(self, *words: str) -> str:
        """What Git answers."""
        return call("git", *WHO, *words, at=self.folder).strip()

    def commit(self, message: str) -> str:
        """Commit all that changed and push it; the tree's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        self.git("push", "--quiet", "origin", "HEAD")
        return self.git("rev-parse", "HEAD^{tree}")


def desk(source: Path, folder: Path, *, url: str = "", lock: bool = True) -> Desk:
    """As its first developer leaves it: locked, committed, pushed.

    Runners take the name of the project from the URL of the remote; what is pushed goes to a
    folder beside.
    """
    repository = copy(source, folder / source.name)
    bare = folder / "remotes" / f"{source.name}.git"
    call("git", "init", "--quiet", "--bare", "--initial-branch=main", bare, at=folder)
    here = Desk(repository)
    here.git("init", "--quiet", "--initial-branch=main")
    here.git("remote", "add", "origin", url or str(bare))
    if url:
        here.git("remote", "set-url", "--push", "origin", str(bare))
    if lock:
        call("make", "uv.lock", at=repository)
    here.commit("Begin")
    here.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    return here
