"""Where the templates come from: a published URL, a Git URL of one's own, or a checkout."""

import os
import re
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ninefold.errors import NinefoldError
from ninefold.repository import GitError, git

SETTING = "NINEFOLD_TEMPLATE"
_REMOTE = re.compile(r"^([a-z][a-z0-9+]*://|[\w.-]+@[\w.-]+:|gh:|gl:)")


class TemplateError(NinefoldError):
    """The template cannot be found or rendered."""


@dataclass(frozen=True)
class Template:
    """A source that Copier can render and, later, update from: absolute or a URL."""

    url: str
    ref: str | None
    draft: bool = False

    def at(self, ref: str | None) -> "Template":
        """The same source at another reference."""
        return Template(self.url, ref, self.draft)


def resolve(choice: str | None, ref: str | None = None) -> Template:
    """Say which template is meant: the choice, the setting, this checkout, what is published."""
    wanted = choice or os.environ.get(SETTING)
    if wanted and _REMOTE.match(wanted):
        return Template(wanted, ref)
    if wanted:
        return _local(Path(wanted), ref)
    checkout = own_checkout()
    return _local(checkout, ref) if checkout else _published(ref)


def own_checkout() -> Path | None:
    """The checkout that this very package runs from, if it does."""
    package = Path(__file__).resolve().parent
    root = package.parent.parent
    marks = (root / "copier.yml", root / ".git")
    is_ours = package == root / "generator" / "ninefold" and all(mark.exists() for mark in marks)
    return root if is_ours else None


def published_url() -> str:
    """The address in the distribution's metadata, the only place where it stands."""
    for entry in metadata.metadata("ninefold").get_all("Project-URL") or []:
        label, _, url = entry.partition(", ")
        if label == "Repository":
            return str(url)
    raise TemplateError(
        "the installed ninefold does not say where its templates are published; "
        "name them with --template"
    )


def _published(ref: str | None) -> Template:
    return Template(published_url(), ref or f"v{metadata.version('ninefold')}")


def _local(path: Path, ref: str | None) -> Template:
    root = path.expanduser().resolve()
    if not root.exists():
        raise TemplateError(f"{path}: there is no such template; give a folder or a Git URL")
    if not (root / ".git").exists():
        # A bare repository or a bundle: Copier clones it as it stands.
        return Template(str(root), ref)
    try:
        if ref:
            return Template(str(root), git(root, "rev-parse", "--verify", f"{ref}^{{commit}}"))
        head = git(root, "rev-parse", "--verify", "HEAD^{commit}")
        if not git(root, "status", "--porcelain"):
            return Template(str(root), head)
        return Template(str(root), _draft(root, head), draft=True)
    except GitError as error:
        what = f"the commit {ref}" if ref else "its present state"
        raise TemplateError(
            f"{root}: {what} cannot be read ({error}); name a template that is a Git repository "
            "with at least one commit"
        ) from error


def _draft(root: Path, head: str) -> str:
    """Commit uncommitted changes beside all branches, so that updates can start from them.

    Copier itself would commit them in a clone that it throws away, once per repository, and an
    update could never find that commit again. The same changes give the same commit, and a
    reference of its own keeps it from being collected. It stands beside the present commit, not
    after it, because Copier refuses to update to a version that is not later.
    """
    parents = git(root, "rev-parse", f"{head}^@").split()
    moment = git(root, "show", "--no-patch", "--format=%cI", head)
    with tempfile.TemporaryDirectory() as scratch:
        settings = {
            "GIT_INDEX_FILE": str(Path(scratch) / "index"),
            "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_DATE": moment,
        }
        git(root, "read-tree", head, settings=settings)
        git(root, "add", "--all", settings=settings)
        tree = git(root, "write-tree", settings=settings)
        identity = ("-c", "user.name=Ninefold", "-c", "user.email=ninefold@localhost")
        commit = git(
            root, *identity, "commit-tree", "--no-gpg-sign", tree,
            *(option for parent in parents for option in ("-p", parent)),
            "-m", "Uncommitted changes of the template", settings=settings,
        )  # fmt: skip
    git(root, "update-ref", f"refs/ninefold/drafts/{commit}", commit)
    return commit
