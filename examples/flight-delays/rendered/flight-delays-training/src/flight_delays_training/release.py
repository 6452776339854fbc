"""Releases the image that was published: a commit to the tree of staging."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

from .faults import Fault
from .images import Image, replaced
from .remote import Account, Git, access

NAME: Final = "flight-delays-training"
ENVIRONMENT: Final = "staging"
TREE: Final = f"release/{ENVIRONMENT}/common/kustomization.yaml"
# Written by `make publish`: registry/name:tree@digest.
PUBLISHED: Final = Path("build/published")
URL, USER, TOKEN = (f"FLIGHT_DELAYS_PLATFORM_{word}" for word in ("URL", "USER", "TOKEN"))
ACCOUNT: Final = Account(URL, USER, TOKEN)
# Others release to the same tree: whoever comes second looks again and adds to what is there.
TRIES: Final = 10


def main() -> int:
    """Release; 0 done, 1 with one line on what to mend."""
    try:
        print(release(os.environ))
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    return 0


def release(given: Mapping[str, str]) -> str:
    """Let the tree name the image that was published; raises `Fault`."""
    image, commit = _published(Git(Path.cwd(), given, ACCOUNT))
    url = _url(given)
    with TemporaryDirectory() as folder:
        git = Git(Path(folder), {**given, **access(given, url, ACCOUNT)}, ACCOUNT)
        git("clone", "--quiet", "--depth=1", "--no-tags", "--", url, ".")
        branch = git("symbolic-ref", "--short", "HEAD")
        for number in range(TRIES):
            if not _written(Path(folder) / TREE, image):
                return f"{ENVIRONMENT} has {image} already"
            git("commit", "--quiet", "--message", _message(image, commit), "--", TREE)
            pushed = git.run("push", "--porcelain", "origin", f"HEAD:refs/heads/{branch}")
            if pushed.returncode == 0:
                return f"released {image} to {ENVIRONMENT}"
            if not _overtaken(git, branch, pushed.stdout):
                raise Fault(git.said("push", pushed.stderr + pushed.stdout))
            time.sleep(SystemRandom().uniform(0, min(5.0, 0.1 * 2**number)))
    raise Fault(f"{TRIES} times somebody else was faster in {ENVIRONMENT}; `make release` again")


def _published(git: Git) -> tuple[Image, str]:
    """What `make publish` left of this commit, and the commit."""
    if not PUBLISHED.is_file():
        raise Fault("no image was published from here; `make publish` first")
    name, _, digest = PUBLISHED.read_text("utf-8").strip().partition("@")
    place, _, tree = name.rpartition(":")
    if tree != git("rev-parse", "HEAD^{tree}"):
        raise Fault("the image that was published is of another commit; `make publish` first")
    return Image(place, digest), git("rev-parse", "HEAD")


def _url(given: Mapping[str, str]) -> str:
    url = given.get(URL, "")
    if not url:
        raise Fault(f"where is the platform's repository? Set {URL} to the URL of its Git")
    if "://" in url and urlsplit(url).password:
        raise Fault(f"{URL} holds a password, and a URL is shown in logs; set {TOKEN} instead")
    return url


def _written(path: Path, image: Image) -> bool:
    """Whether the tree had to be changed."""
    if not path.is_file():
        raise Fault(f"the platform's repository has no {TREE}; is {URL} right, and up to date?")
    text = path.read_text("utf-8")
    changed = replaced(text, NAME, image, TREE)
    path.write_text(changed, "utf-8")
    return changed != text


def _message(image: Image, commit: str) -> str:
    return f"Release {NAME} to {ENVIRONMENT}\n\n{image}\nfrom {NAME} at {commit}\n"


def _overtaken(git: Git, branch: str, said: str) -> bool:
    """Whether another push came first; then the branch is taken as it is now."""
    before = git("rev-parse", "HEAD^")
    git("fetch", "--quiet", "--depth=1", "origin", branch)
    git("reset", "--quiet", "--hard", "FETCH_HEAD")
    return git("rev-parse", "HEAD") != before or "lock" in said


if __name__ == "__main__":
    sys.exit(main())
