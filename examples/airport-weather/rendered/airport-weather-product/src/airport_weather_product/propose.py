"""Proposes what the spec asks for to each repository of the family, as a pull request.

One branch and one request for each: a later spec brings them up to date. What others have added to
the branch is never overwritten.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from . import host
from .faults import Fault
from .hosting import TOKEN, known_token, origin_url, place
from .remote import Account, Git, access, identity

NAME: Final = "airport-weather-product"
REPOSITORIES: Final[tuple[str, ...]] = (
    "airport-weather-product",
    "airport-weather-data-engineering",
    "airport-weather-training",
    "airport-weather-serving",
    "airport-weather-monitoring",
    "airport-weather-platform",
)
BRANCH: Final = "product-spec"
TITLE: Final = "Follow the product's spec"
LOCK, PROJECT = "uv.lock", "pyproject.toml"
USER: Final = "AIRPORT_WEATHER_FAMILY_USER"
ACCOUNT: Final = Account("`git remote get-url origin`", USER, TOKEN)
# What make says to its own kind, and which environment is whose.
OURS: Final = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VIRTUAL_ENV")


def main() -> int:
    """Propose; 0 done, 1 with a line for each repository that needs a person."""
    if not known_token():
        print(f"not proposed: {TOKEN} is not set; it may write to each repository of the family")
        return 0
    try:
        with TemporaryDirectory() as folder:
            left = _proposed(Path(folder), os.environ)
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    for line in left:
        print(f"error: {line}", file=sys.stderr)
    return 1 if left else 0


def _proposed(folder: Path, given: Mapping[str, str]) -> list[str]:
    """Update a fresh copy of the family, and propose it; what is left to a person."""
    url, where = origin_url(), place()
    opened = {**given, **access(given, url, ACCOUNT)}
    repositories = {name: Git(folder / name, opened, ACCOUNT) for name in REPOSITORIES}
    for name, git in repositories.items():
        git.folder.mkdir()
        git("clone", "--quiet", "--no-tags", "--", sibling(url, name), ".")
    left = _updated(folder, given)
    with host.client(where, given[TOKEN]) as client:
        for name, git in repositories.items():
            if git.run("rev-parse", "--verify", "--quiet", BRANCH).returncode:
                continue
            try:
                print(f"{name}: {_sent(client, git, f'{where.owner}/{name}')}", flush=True)
            except Fault as fault:
                left.append(f"{name}: {fault}")
    return left


def sibling(url: str, name: str) -> str:
    """The address of another repository of the family: it lies beside this one."""
    before, _, last = url.rstrip("/").rpartition("/")
    return f"{before}/{name}{'.git' if last.endswith('.git') else ''}"


def _updated(folder: Path, given: Mapping[str, str]) -> list[str]:
    """Let each repository that lags behind have the branch; those that a person has to merge."""
    command = shlex.split(given.get("NINEFOLD", "")) or ["ninefold"]
    try:
        done = subprocess.run(
            [*command, "update", str(folder), "--branch", BRANCH],
            env={**_without_token(given), **identity(given)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise Fault(
            f"{command[0]} cannot be run ({error}); `make propose` says what it is"
        ) from None
    said = [line.replace(f"{folder}/", "") for line in done.stdout.splitlines()]
    if done.returncode not in (0, 1) or (done.returncode and not said):
        why = done.stderr.strip() or "the family cannot be updated"
        raise Fault(why.replace(f"{folder}/", ""))
    print("\n".join(line for line in said if not line.startswith("next:")), flush=True)
    return [line for line in said if ": cannot be merged in " in line]


def _sent(client: httpx.Client, git: Git, path: str) -> str:
    """Push the branch and ask for its review; what became of it."""
    _relock(git)
    published = f"refs/remotes/origin/{BRANCH}"
    known = git.run("rev-parse", "--verify", "--quiet", published).stdout.strip()
    if known:
        _require_ours(git, published)
    if not (known and _same(git, published)):
        lease = f"--force-with-lease={BRANCH}:{known}"
        git("push", "--quiet", lease, "origin", f"{BRANCH}:{BRANCH}")
    text = git("log", "-1", "--format=%b", f"--grep={TITLE}", BRANCH)
    commit = Git(Path.cwd(), git.variables, ACCOUNT)("rev-parse", "HEAD")
    said = "\n".join(f"- `{line}`" for line in text.splitlines() if line)
    body = f"The spec in {NAME} has changed (`{commit[:12]}`):\n\n{said}\n"
    return host.propose(client, path, BRANCH, TITLE, body)


def _relock(git: Git) -> None:
    """The lock follows from the project; a second commit renews it where that has changed."""
    changed = git("diff", "--name-only", "origin/HEAD", BRANCH).splitlines()
    git("switch", "--quiet", BRANCH)
    if PROJECT not in changed or not git("ls-files", "--", LOCK):
        return
    (git.folder / PROJECT).touch()
    done = subprocess.run(
        ["make", LOCK],
        cwd=git.folder,
        env=_without_token(git.variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        why = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise Fault(f"`make {LOCK}` failed ({why}); run it on what `{PROJECT}` becomes, by hand")
    if git("status", "--porcelain", "--", LOCK):
        git("commit", "--quiet", "--message", "Lock what the spec asks for", "--", LOCK)


def _require_ours(git: Git, published: str) -> None:
    own = git("log", "-1", "--format=%ce", BRANCH)
    authors = set(git("log", "--format=%ce", f"origin/HEAD..{published}").splitlines())
    if authors - {own}:
        raise Fault(
            f"others have commits on {BRANCH}; merge or close its pull request, then run this again"
        )


def _same(git: Git, published: str) -> bool:
    """Whether what is there has this content on top of this `main`."""
    trees = git("rev-parse", f"{published}^{{tree}}", f"{BRANCH}^{{tree}}").splitlines()
    on_top = git.run("merge-base", "--is-ancestor", "origin/HEAD", published).returncode == 0
    return on_top and len(set(trees)) == 1


def _without_token(given: Mapping[str, str]) -> dict[str, str]:
    """For programs that come from the repositories: nothing that opens the host."""
    kept = {name: value for name, value in given.items() if name not in (TOKEN, *OURS)}
    return {name: value for name, value in kept.items() if not name.startswith("GIT_CONFIG_")}


if __name__ == "__main__":
    sys.exit(main())
