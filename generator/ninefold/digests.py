"""The digests: what actions, images and sources of others are named by, asked of their hosts.

`make digests` renews stacks/ninefold_stacks/pinned.yaml: each action gets the newest version within
the one that is chosen and its commit, each image the digest and each source the commit of the tag
that is chosen. Either all hosts answer, or the file stays as it is.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from ninefold.errors import NinefoldError
from ninefold.registries import digest
from ninefold.repository import GitError, git

PLACE: Final = Path("stacks", "ninefold_stacks", "pinned.yaml")
HOST: Final = "https://github.com"
SECONDS: Final = 60
FORMS: Final = {
    "actions": frozenset(("within", "version", "commit")),
    "images": frozenset(("tag", "digest")),
    "sources": frozenset(("tag", "commit")),
}

Pinned = dict[str, dict[str, dict[str, str]]]


def read(path: Path) -> Pinned:
    """What the file names; raises an error where it has another form."""
    found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or set(found) != set(FORMS):
        raise NinefoldError(f"{path}: has to hold {', '.join(FORMS)}, and nothing else")
    for kind, keys in FORMS.items():
        for name, one in found[kind].items():
            if set(one) != keys or not all(isinstance(value, str) for value in one.values()):
                raise NinefoldError(f"{path}: {name} needs {', '.join(sorted(keys))}, as texts")
    return found


def write(path: Path, pinned: Pinned) -> None:
    """Write it sorted by name, below the head that it has."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    head = "".join(line for line in lines if line.startswith("#"))
    ordered = {kind: dict(sorted(pinned[kind].items())) for kind in FORMS}
    path.write_text(head + yaml.safe_dump(ordered, sort_keys=False), encoding="utf-8")


def renewed(pinned: Pinned, mirrors: Mapping[str, str]) -> Pinned:
    """The same names with what their hosts answer now."""
    return {
        "actions": {name: _action(name, one) for name, one in pinned["actions"].items()},
        "images": {
            name: {**one, "digest": digest(name, one["tag"], mirrors)}
            for name, one in pinned["images"].items()
        },
        "sources": {name: _source(name, one) for name, one in pinned["sources"].items()},
    }


def _action(name: str, one: Mapping[str, str]) -> dict[str, str]:
    """The newest version within the one that is chosen, and the commit that its tag stands on."""
    address = f"{HOST}/{'/'.join(name.split('/')[:2])}"
    commits = _tags(address)
    within = re.compile(rf"{re.escape(one['within'])}(?:\.[0-9]+)*")
    versions = [tag for tag in commits if within.fullmatch(tag)]
    if not versions:
        raise NinefoldError(f"{address} has no version {one['within']}")
    newest = max(versions, key=_order)
    return {"within": one["within"], "version": newest, "commit": commits[newest]}


def _source(name: str, one: Mapping[str, str]) -> dict[str, str]:
    """The commit that the chosen tag stands on."""
    address = f"{HOST}/{name}"
    commits = _tags(address)
    if one["tag"] not in commits:
        raise NinefoldError(f"{address} has no tag {one['tag']}")
    return {"tag": one["tag"], "commit": commits[one["tag"]]}


def _tags(address: str) -> dict[str, str]:
    """The commit of each tag of a repository."""
    # A host that wants a password for it does not have it: nobody is asked for one.
    quiet = {"GIT_TERMINAL_PROMPT": "0"}
    try:
        answer = git(Path.cwd(), "ls-remote", "--tags", address, settings=quiet, seconds=SECONDS)
    except GitError as error:
        raise NinefoldError(f"{address} does not answer: {error}") from error
    commits: dict[str, str] = {}
    for line in answer.splitlines():
        commit, _, ref = line.partition("\t")
        tag = ref.removeprefix("refs/tags/")
        # A tag that is an object of its own is listed twice; the second line names the commit.
        if tag.endswith("^{}") or tag not in commits:
            commits[tag.removesuffix("^{}")] = commit
    return commits


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", version))


def differences(old: Pinned, new: Pinned) -> list[str]:
    """What changed, a line each."""
    return [line for kind in new for name in new[kind] for line in _said(kind, name, old, new)]


def _said(kind: str, name: str, old: Pinned, new: Pinned) -> list[str]:
    was, now = old[kind][name], new[kind][name]
    if was == now:
        return []
    if kind == "images":
        return [f"{name}:{now['tag']} is {now['digest']} (was {was['digest'] or 'not asked yet'})"]
    version = "version" if kind == "actions" else "tag"
    if was[version] != now[version]:
        return [f"{name} {was[version]} -> {now[version]}, {now['commit']}"]
    return [
        f"{name} {now[version]} WAS MOVED from {was['commit']} to {now['commit']}: "
        "find out why before you commit it"
    ]


def _mirrors(given: Sequence[str]) -> Mapping[str, str]:
    wrong = [one for one in given if not re.fullmatch(r"[^=/]+=https?://[^/]+", one)]
    if wrong:
        raise NinefoldError(f"--mirror {wrong[0]}: write HOST=https://MIRROR")
    return dict(one.split("=", 1) for one in given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew the digests of the checkout in the current folder."""
    parser = argparse.ArgumentParser(prog="python -m ninefold.digests", description=__doc__)
    parser.add_argument(
        "--mirror",
        action="append",
        default=[],
        metavar="HOST=ADDRESS",
        help="ask this address in place of a registry, such as docker.io=https://mirror.example.org",
    )
    chosen = parser.parse_args(arguments)
    try:
        if not PLACE.is_file():
            raise NinefoldError(f"no {PLACE} here; run this at the top of a checkout")
        old = read(PLACE)
        new = renewed(old, _mirrors(chosen.mirror))
        write(PLACE, new)
    except NinefoldError as error:
        print(f"error: {error}; nothing was changed", file=sys.stderr)
        return 2
    changes = differences(old, new)
    print("\n".join([*changes, f"{PLACE}: {len(changes)} changed"]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
