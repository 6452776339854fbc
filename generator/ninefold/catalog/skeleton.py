"""The folder that a new technology starts from."""

from pathlib import Path

from ninefold.catalog.catalog import Catalog
from ninefold.catalog.load import FILE
from ninefold.errors import NinefoldError
from ninefold.house import technologies_of
from ninefold.names import folder_of
from ninefold.spec.problem import did_you_mean
from ninefold.spec.technologies import SLOTS, Slot

_DESCRIPTION = """\
name: {name}
summary: Say in one line what it does for a product.
homepage: https://example.org
# SPDX identifier, or `proprietary`.
licence: Apache-2.0
# maintained | closed | retired (then replaced_by)
status: maintained
# Patterns under `files` name the scaffold files that only this slot brings.
slots:
  {slot}: {{}}
# Where it can run: {targets}
targets: [local]
# Capabilities that others must offer, and that it offers to others.
needs: []
offers: []
# What it adds to the shared files of a role's repository:
#   training:
#     dependencies: ["name>=1.2"]
#     settings: {{key: "{{state}}/folder"}}
#     environment: {{NAME: "value"}}
#     ignore: ["*.log"]
contributes: {{}}
"""
_README = """\
# {name}

Fills the slot `{path}`: {summary}

Licence: Apache-2.0. Status: maintained.

What is left to do:

1. Complete `technology.yaml`, and say the same licence and status above.
2. Put the files that it brings to a role's repository into `scaffold/<role>/`. Each name ends in
   `.jinja`; the folder `__package__` stands for the repository's package.
{ports}3. Write the catalog: `ninefold technology catalog`.
4. Hold it to its component's conformance suite in `tests/conformance/{component}/`.
"""


def write_skeleton(name: str, path: str, catalog: Catalog, root: Path) -> Path:
    """Write a folder that the catalog accepts; one that is there stays as it is."""
    slot = _slot(path)
    folder = technologies_of(root) / slot.component / folder_of(name)
    if not (root / "copier.yml").is_file():
        raise NinefoldError(f"{root}: is no checkout of Ninefold; run this in a clone of it")
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise NinefoldError(f"{folder}: is there already; choose another name") from None
    targets = sorted({target for each in catalog for target in each.description.targets})
    description = _DESCRIPTION.format(name=name, slot=slot.name, targets=", ".join(targets))
    readme = _README.format(
        name=name,
        path=slot.path,
        summary=slot.summary[0].lower() + slot.summary[1:],
        component=slot.component,
        ports=_ports(slot, catalog),
    )
    (folder / FILE).write_text(description, encoding="utf-8")
    (folder / "README.md").write_text(readme, encoding="utf-8")
    return folder


def _slot(path: str) -> Slot:
    for slot in SLOTS:
        if path == slot.path:
            return slot
    raise NinefoldError(f"there is no slot {path}; {did_you_mean(path, [s.path for s in SLOTS])}")


def _ports(slot: Slot, catalog: Catalog) -> str:
    """The files that others bring in this slot: where a newcomer's ports belong."""
    places = {
        f"   - `scaffold/{role}/{file.path.replace('{@ package @}', '__package__')}.jinja`\n"
        for each in catalog.filling(slot.component, slot.name)
        for role in each.scaffold
        for file in each.files(role, slot.name)
    }
    return f"   Others bring here:\n{''.join(sorted(places))}" if places else ""
