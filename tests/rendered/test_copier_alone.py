"""Without Ninefold, `copier copy` alone makes a role repository that works."""

import sys
from pathlib import Path

from rendering import CHECKOUT, EXAMPLE, call


def test_a_role_repository_by_copier_alone(tmp_path: Path) -> None:
    target = tmp_path / "flight-delays-product"
    copier = (sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD")
    chosen = ("--data-file", EXAMPLE, "-d", "role=product")
    call(*copier, *chosen, CHECKOUT, target, at=tmp_path)
    call("git", "init", "--quiet", at=target)
    call("make", "setup", at=target)
    call("make", "test", at=target)
