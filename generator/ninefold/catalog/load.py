"""The catalog, read from the technologies' folders."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ninefold.catalog.catalog import Catalog
from ninefold.catalog.checks import collisions, folder_problems
from ninefold.catalog.technology import SUFFIX, BroughtFile, Description, Technology
from ninefold.errors import NinefoldError
from ninefold.house import find, technologies_of
from ninefold.names import ROLES
from ninefold.pins import read as read_pins
from ninefold.spec.document import read
from ninefold.spec.load import conform

FILE = "technology.yaml"


class CatalogError(NinefoldError):
    """Technologies that contradict the rules or each other; one line for each problem."""


def load(root: Path | None = None, extra: Sequence[Path] = ()) -> Catalog:
    """Read every technology folder of the checkout (and of further roots) and check them."""
    house = find(root)
    problems: list[str] = []
    found = [each for place in (house, *extra) for each in _technologies(place, problems)]
    found.sort(key=lambda each: (each.component, each.name))
    problems += collisions(found)
    if problems:
        raise CatalogError("\n".join(dict.fromkeys(problems)))
    pins = house / "templates" / "pins.yaml"
    return Catalog(tuple(found), tuple(read_pins(pins)) if pins.is_file() else ())


def _technologies(root: Path, problems: list[str]) -> Iterator[Technology]:
    for path in sorted(technologies_of(root).glob(f"*/*/{FILE}")):
        try:
            description = conform(read(path), Description)
        except NinefoldError as error:
            problems += str(error).splitlines()
            continue
        folder = path.parent
        found = Technology(
            folder.parent.name,
            folder,
            description,
            {role: tuple(_scaffold(folder, role, root)) for role in ROLES},
        )
        problems += folder_problems(found)
        yield found


def _scaffold(folder: Path, role: str, root: Path) -> Iterator[BroughtFile]:
    base = folder / "scaffold" / role
    for file in sorted(base.rglob(f"*{SUFFIX}")):
        inside = file.relative_to(base).as_posix().removesuffix(SUFFIX)
        yield BroughtFile(
            path=inside.replace("__package__", "{@ package @}"),
            source=file.relative_to(root).as_posix(),
        )
