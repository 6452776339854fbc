"""Imports everything that a package may import, and prepares what its first use would wait for.

`python imports.py PACKAGE`, by the Python of that package's environment, which holds nothing of this
repository: the standard library only.
"""

import contextlib
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from importlib import metadata


def modules(package: str) -> Iterator[str]:
    """The package's own modules, then what its dependencies are called when imported."""
    root = importlib.import_module(package)
    yield from (found.name for found in pkgutil.iter_modules(root.__path__, f"{package}."))
    names: dict[str, list[str]] = {}
    for name, distributions in metadata.packages_distributions().items():
        for distribution in distributions:
            names.setdefault(_canonical(distribution), []).append(name)
    for requirement in metadata.requires(package) or ():
        asked = re.match(r"[\w.-]+", requirement)
        yield from names.get(_canonical(asked.group()), ()) if asked else ()


def main(package: str) -> None:
    """Import them all; what cannot be imported here is not needed here.

    A module of the package may have `prepare(settings)`: what its first use would wait for.
    """
    environment = importlib.import_module(f"{package}.environment")
    settings = importlib.import_module(f"{package}.settings").load_settings()
    environment.apply(settings)  # the libraries are to stay as quiet as in a step
    for name in modules(package):
        if not name.endswith("__main__"):
            with contextlib.suppress(Exception, SystemExit):
                importlib.import_module(name)
    own = [module for name, module in sys.modules.items() if name.startswith(f"{package}.")]
    for module in own:
        if prepare := getattr(module, "prepare", None):
            with contextlib.suppress(Exception, SystemExit):
                prepare(settings)


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


if __name__ == "__main__":
    main(sys.argv[1])
