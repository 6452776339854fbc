"""Puts into the package what it reads from a checkout: technologies, pins and examples."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Places in the checkout, and in the package.
_CARRIED = ("stacks/ninefold_stacks", "examples/*/product.yaml", "templates/pins.yaml")
_INSIDE = "ninefold/carried"


class CustomBuildHook(BuildHookInterface[Any]):
    """From a source distribution there is nothing to fetch: it carries them already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files of the checkout around this distribution; an editable one reads them."""
        checkout = Path(self.root).parent
        if version == "editable" or not (checkout / "copier.yml").is_file():
            return
        for pattern in _CARRIED:
            for path in sorted(checkout.glob(pattern)):
                place = path.relative_to(checkout).as_posix()
                build_data["force_include"][str(path)] = f"{_INSIDE}/{place}"
