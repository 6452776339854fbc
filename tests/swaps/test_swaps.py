"""Technologies can be swapped: every two of different slots meet in a family that holds together.

Each distinct repository is linted, typed and tested against its contracts, in one environment for
each role. Conformance suites say whether a technology does what its component must.
"""

import os
import subprocess
from itertools import combinations
from pathlib import Path

import pytest
from conftest import Variant, environment
from pairs import Choice, label, missing, options

from rendering import ROLES, TYPES, Family, ninefold, surroundings


def test_every_two_technologies_meet(chosen: list[Choice]) -> None:
    assert not missing(chosen)
    assert missing(chosen[:-1]), "one choice fewer would do as well"
    slots = options()
    pairs = sum(len(slots[one]) * len(slots[other]) for one, other in combinations(slots, 2))
    print(f"{len(chosen)} families for {pairs} pairs:")
    for choice in chosen:
        print(f"  {label(choice)}")


def test_every_family_holds_together(families: list[Family]) -> None:
    for family in families:
        ninefold("check", family.folder)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "platform"])
def test_distinct_repositories_lint_and_keep_their_contracts(
    role: str, variants: dict[str, list[Variant]], families: list[Family]
) -> None:
    home = families[0].folder.parent
    programs = environment(role, variants[role], home) / "bin"
    cache = Path(f"{TYPES}-swaps-{role}")
    said = [
        f"{one.folder.parent.name}/{one.folder.name}$ {' '.join(command)}\n{objection}"
        for one in variants[role]
        for command in _commands(cache)
        if (objection := _objection(programs, one, command))
    ]
    print(f"{role}: {len(variants[role])} distinct repositories")
    assert not said, "\n".join(said)


def _commands(cache: Path) -> list[tuple[str, ...]]:
    return [
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--no-cache", "--check", "."),
        ("mypy", "--cache-dir", str(cache)),
        ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "contract"),
    ]


def _objection(programs: Path, variant: Variant, command: tuple[str, ...]) -> str:
    """What a command says when it does not pass; a role without a contract's test fails, too."""
    environment = {
        **surroundings(),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(variant.folder / "src"),
    }
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=variant.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout
