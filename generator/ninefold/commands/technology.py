"""`ninefold technology`: the catalog of what can fill a slot."""

import argparse
import re
import sys
from pathlib import Path

from ninefold.errors import NinefoldError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command and its four verbs take."""
    parser.epilog = (
        "examples:\n"
        "  ninefold technology list --slot orchestration\n"
        "  ninefold technology show NAME\n"
        "  ninefold technology new NAME --slot orchestration\n"
        "  ninefold technology catalog --check"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="all technologies by slot, with licence and status")
    listing.add_argument("--slot", help="only this slot, such as serving.online")
    showing = verbs.add_parser("show", help="everything about one technology")
    showing.add_argument("name", metavar="NAME")
    adding = verbs.add_parser("new", help="write the folder that a new technology starts from")
    adding.add_argument("name", metavar="NAME", help="lowercase, such as feature-shop")
    adding.add_argument("--slot", required=True, help="the slot that it fills: serving.online")
    writing = verbs.add_parser(
        "catalog", help="write templates/catalog from the technologies' folders"
    )
    writing.add_argument("--check", action="store_true", help="write nothing; fail if it is stale")
    for verb in (listing, showing, adding, writing):
        verb.add_argument("--root", type=Path, help="a checkout of Ninefold (default: its own)")


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    from ninefold.house import find

    root = find(arguments.root)
    verbs = {"list": _list, "show": _show, "new": _new, "catalog": _catalog}
    return verbs[arguments.verb](arguments, root)


def _list(arguments: argparse.Namespace, root: Path) -> int:
    from ninefold.catalog import load
    from ninefold.spec.problem import did_you_mean
    from ninefold.spec.technologies import SLOTS

    catalog = load(root)
    paths = [slot.path for slot in SLOTS]
    if arguments.slot and arguments.slot not in paths:
        raise NinefoldError(
            f"there is no slot {arguments.slot}; {did_you_mean(arguments.slot, paths)}"
        )
    width = max((len(each.name) for each in catalog), default=0)
    for slot in SLOTS:
        if arguments.slot not in (None, slot.path):
            continue
        print(f"{slot.path} ({'required' if slot.required else 'may be none'}): {slot.summary}")
        for each in catalog.filling(slot.component, slot.name):
            about = each.description
            where = ", ".join(about.targets)
            print(f"  {each.name:<{width}}  {about.status:<10}  {where} ({about.licence})")
    return 0


def _show(arguments: argparse.Namespace, root: Path) -> int:
    from ninefold.catalog import load
    from ninefold.spec.problem import did_you_mean

    catalog = load(root)
    found = catalog.named(arguments.name)
    if not found:
        known = sorted({each.name for each in catalog})
        raise NinefoldError(
            f"there is no technology {arguments.name}; {did_you_mean(arguments.name, known)}"
        )
    for each in found:
        about = each.description
        print(f"{each.component}/{each.name}: {about.summary}")
        print(f"  {about.homepage}, {about.licence}, {about.status}")
        if about.replaced_by:
            print(f"  replaced by {about.replaced_by}")
        print(f"  slots: {', '.join(about.slots)}; runs on {', '.join(about.targets)}")
        print(f"  needs: {', '.join(about.needs) or '-'}; offers: {', '.join(about.offers) or '-'}")
        for role, files in each.scaffold.items():
            contribution = each.contribution(role)
            asked = contribution.dependencies if contribution else ()
            if files or asked:
                print(f"  {role}: {', '.join(asked) or 'no dependencies'}")
            for file in files:
                print(f"    {file.path.replace('{@ package @}', '<package>')}")
    return 0


def _new(arguments: argparse.Namespace, root: Path) -> int:
    from ninefold.catalog import load
    from ninefold.catalog.skeleton import write_skeleton

    if not re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", arguments.name):
        raise NinefoldError(
            f"{arguments.name!r} is no name for a technology; use lowercase letters, digits and "
            "single hyphens, such as feature-shop"
        )
    folder = write_skeleton(arguments.name, arguments.slot, load(root), root)
    print(f"wrote {folder}; next: follow the README.md in it")
    return 0


def _catalog(arguments: argparse.Namespace, root: Path) -> int:
    from ninefold.catalog import load, stale, write

    catalog, folder = load(root), root / "templates" / "catalog"
    if not arguments.check:
        for path in write(catalog, folder):
            print(f"wrote {path}")
        return 0
    outdated = stale(catalog, folder)
    for path in outdated:
        print(f"{path}: is stale; run `ninefold technology catalog`", file=sys.stderr)
    return 1 if outdated else 0
