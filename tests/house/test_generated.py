"""What is generated from the code and the folders is up to date."""

import subprocess
import sys

from ninefold.catalog import load, stale

from words import CHECKOUT


def test_the_catalog_is_what_the_folders_say() -> None:
    old = stale(load(CHECKOUT), CHECKOUT / "templates" / "catalog")
    assert not old, f"{', '.join(path.name for path in old)}: write the catalog again"


def test_the_pins_cover_what_is_needed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ninefold.pins", "--check"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_workspace_is_locked() -> None:
    done = subprocess.run(
        ["uv", "lock", "--check", "--offline"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
