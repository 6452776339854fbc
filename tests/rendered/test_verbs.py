"""Each rendered repository installs, lints and tests itself with its own verbs."""

import pytest

from rendering import ROLES, Family, call, set_up


@pytest.mark.parametrize("role", ROLES)
def test_setup_lint_and_test(role: str, family: Family) -> None:
    repository = family.repository(role)
    set_up(repository)
    call("make", "lint", at=repository)
    print(call("make", "test", at=repository))
    call("git", "add", "--all", at=repository)
    left = call("git", "status", "--porcelain", at=repository).split()
    assert left in ([], ["A", "uv.lock"]), "the verbs leave files that Git would take"


@pytest.mark.parametrize("role", ROLES)
def test_help_lists_every_verb(role: str, family: Family) -> None:
    repository = family.repository(role)
    shown = call("make", "help", at=repository)
    for verb in ("setup", "lint", "test"):
        assert verb in shown.split()
