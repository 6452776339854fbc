"""Commands promote and rewind: the champion by hand, and as it was before a round."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from . import registry, rounds
from .dossiers import read_document
from .faults import Fault
from .register import ALIAS
from .settings import Settings


def promote(settings: Settings, arguments: Sequence[str]) -> int:
    """Make a version the champion by hand, an earlier one to go back; the reason is kept."""
    parser = argparse.ArgumentParser(prog="promote", description=promote.__doc__)
    parser.add_argument("--version", required=True, help="a version in the registry")
    parser.add_argument("--reason", required=True, help="why, for those who read the history")
    options = parser.parse_args(arguments)
    if not options.reason.strip():
        raise Fault("--reason is empty; say why, the history keeps it")
    promotion = registry.promote(settings, options.version, ALIAS, f"by hand: {options.reason}")
    before = f" instead of version {promotion.previous}" if promotion.previous else ""
    print(f"version {promotion.version} is {ALIAS}{before}")
    return 0


def rewind(settings: Settings, arguments: Sequence[str]) -> int:
    """Give the alias back to the champion of a round's start, before the round is replayed again."""
    parser = argparse.ArgumentParser(prog="rewind", description=rewind.__doc__)
    parser.add_argument("--round", required=True, metavar="START/END", help="the round")
    options = parser.parse_args(arguments)
    if settings.replayed is None:
        raise Fault(
            f"{settings.environment} does not replay history, so no round comes again; "
            "go back with `promote`"
        )
    again = replace(settings, round=rounds.parse(options.round))
    registration = read_document(rounds.reference(again) / "registration.json")
    version, now = str(registration["version"]), registry.current(settings, ALIAS)
    if not registration["accepted"] or version == now:
        print(f"{ALIAS} stays version {now}" if now else f"there is no {ALIAS} yet")
        return 0
    registry.promote(settings, version, ALIAS, f"round {again.round} is replayed again")
    print(f"version {version} is {ALIAS} again, as before the round {again.round}")
    return 0
