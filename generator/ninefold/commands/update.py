"""`ninefold update`: the repositories follow a changed spec, their teams' edits included."""

import argparse
from pathlib import Path

from ninefold import repository
from ninefold.family import SPEC, Family, find
from ninefold.staging import staging, told
from ninefold.update import Updated, Wanted, follow, wanted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder, and where the commits go."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the family's folder")
    parser.add_argument(
        "--ref", metavar="REF",
        help="also move to this tag, branch or commit of the templates (default: each stays)",
    )  # fmt: skip
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--branch", metavar="NAME", default="",
        help="name of the branch in each repository (default: spec- and a digest of the spec)",
    )  # fmt: skip
    where.add_argument(
        "--here", action="store_true", help="commit to the branch that is checked out"
    )
    parser.epilog = (
        "Each repository that lags behind gets one commit on a branch of its own; what is checked\n"
        "out stays as it is. Status 1 where something must be merged by hand.\n\n"
        "examples:\n"
        "  ninefold plan flight-delays/flight-delays-product/product.yaml --changes\n"
        "  ninefold update flight-delays\n"
        "  ninefold update flight-delays --ref v0.2.0 --here"
    )


def run(arguments: argparse.Namespace) -> int:
    """Say of each repository what it got, and of those that conflict how to go on."""
    repository.keep_to_itself()
    family = find(arguments.folder)
    wish = wanted(family, arguments.ref, arguments.branch, here=arguments.here)
    found: list[Updated] = []
    with told(arguments.folder), staging(family.folder.resolve()) as scratch:
        for each in follow(family, wish, scratch):
            print(_said(each, wish, family), flush=True)
            found.append(each)
    if any(each.files for each in found) and not arguments.here:
        print(f"next: look at the branch {wish.name} in each, then merge it or push it for review")
    return 1 if any(each.conflicts for each in found) else 0


def _said(each: Updated, wish: Wanted, family: Family) -> str:
    if each.conflicts:
        version = wish.ref or ":current:"
        return (
            f"{each.name}: cannot be merged in {', '.join(each.conflicts)}; merge by hand: "
            f"cd {family.folder / each.name} && uvx copier update --defaults "
            f"--vcs-ref={version} --data-file ../{family.home.name}/{SPEC}"
        )
    if not each.files:
        return f"{each.name}: follows the spec already"
    count = f"{len(each.files)} file{'' if len(each.files) == 1 else 's'}"
    return f"{each.name}: {count} {'committed' if wish.here else f'on the branch {wish.name}'}"
