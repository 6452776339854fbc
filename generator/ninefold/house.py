"""Where technologies, pins and examples are read from.

That is the checkout, or what the installed package carries of it.
"""

import os
from pathlib import Path

from ninefold.errors import NinefoldError

_PACKAGE = Path(__file__).resolve().parent


def find(choice: Path | None = None) -> Path:
    """The folder that holds stacks/, templates/ and examples/."""
    setting = os.environ.get("NINEFOLD_TEMPLATE")
    if choice is None and setting and Path(setting).is_dir():
        choice = Path(setting)
    for root in (choice, _PACKAGE.parent.parent, _PACKAGE / "carried"):
        if root and technologies_of(root).is_dir():
            return root
        if root and root == choice:
            raise NinefoldError(
                f"{root}: holds no technologies; give a checkout of Ninefold, with stacks/ in it"
            )
    raise NinefoldError(
        "this installation of ninefold carries no technologies; install it again, or run it from "
        "a checkout"
    )


def technologies_of(root: Path) -> Path:
    """component/technology/ lies under this folder."""
    return root / "stacks" / "ninefold_stacks"
