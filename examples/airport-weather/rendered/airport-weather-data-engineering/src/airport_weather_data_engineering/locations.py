"""Where the raw data of a source lie: `package:<name>/<file>` or a path."""

import importlib.util
from pathlib import Path

from .faults import Fault
from .settings import PREFIX


def resolve(location: str) -> Path | None:
    """The path that a location names, whether or not there is a file; None without the package."""
    if not location.startswith("package:"):
        return Path(location)
    package, _, inner = location.removeprefix("package:").partition("/")
    # Only looked up: importing a package of data could run or need anything.
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations))) / inner


def locate(source: str, location: str, origin: str) -> Path:
    """The file at a location; a `Fault` where there is none."""
    remedy = f"name another in {PREFIX}_SOURCE_{source.upper()} or under [sources] in the settings"
    path = resolve(location)
    if path is None:
        raise Fault(f"source {source}: {location} is not installed; run `make setup` or {remedy}")
    if not path.is_file():
        there = f"{path} is a folder" if path.is_dir() else f"there is no file {path.resolve()}"
        raise Fault(f"source {source}: {there}; put the data ({origin}) there, or {remedy}")
    if path.stat().st_size == 0:
        raise Fault(f"source {source}: {path} is empty; fetch it again or {remedy}")
    return path
