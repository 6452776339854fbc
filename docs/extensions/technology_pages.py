"""A page per technology, from its folder: what it is, licence, status, and its README."""

import re
from collections.abc import Sequence

from ninefold.catalog import load
from ninefold.catalog.technology import Technology
from ninefold.spec.technologies import SLOTS

FOLDER = "technologies"
INTRODUCTION = """\
# Technologies

What can fill each slot of a spec's `technologies`; `none` where a product can live without. The
name in a slot is the name of the technology's folder. [Writing a technology](../../technology.md)
tells how to add one.

| slot | technology | summary | licence | status |
|---|---|---|---|---|
"""
# A page links to another technology by its folder.
OTHER = re.compile(r"\]\(\.\./\.\./([a-z_]+)/([a-z0-9-]+)/README\.md\)")
SIBLING = re.compile(r"\]\(\.\./([a-z0-9-]+)/README\.md\)")


def pages() -> dict[str, str]:
    """The pages by their names, and the table that lists them."""
    technologies = load().technologies
    found = {f"{FOLDER}/{_name(each)}.md": _page(each) for each in technologies}
    return {f"{FOLDER}/index.md": _index(technologies), **found}


def _index(technologies: Sequence[Technology]) -> str:
    rows = [
        f"| `{slot.path}` | [{each.name}]({_name(each)}.md) | {each.description.summary} "
        f"| {each.description.licence} | {_status(each)} |"
        for slot in SLOTS
        for each in technologies
        if each.component == slot.component and slot.name in each.description.slots
    ]
    names = dict.fromkeys(_name(each) for each in technologies)
    tree = ["", "```{toctree}", ":hidden:", "", *names, "```", ""]
    return INTRODUCTION + "\n".join([*rows, *tree])


def _page(technology: Technology) -> str:
    said = technology.description
    text = (technology.folder / "README.md").read_text("utf-8")
    text = SIBLING.sub(rf"]({technology.component}-\1.md)", OTHER.sub(r"](\1-\2.md)", text))
    slots = ", ".join(f"`{slot}`" for slot in said.slots)
    facts = [
        f"- Component: `{technology.component}`, slots: {slots}",
        f"- Targets: {', '.join(said.targets)}",
        f"- Home: <{said.homepage}>, licence: {said.licence}, status: {_status(technology)}",
        f"- Needs: {', '.join(said.needs) or 'nothing'}",
        f"- Offers: {', '.join(said.offers) or 'nothing'}",
        f"- Brings: {_files(technology)}",
    ]
    return "\n".join([text.rstrip(), "", "## In the catalog", "", *facts, ""])


def _files(technology: Technology) -> str:
    parts = [
        f"{role}: " + ", ".join(f"`{file.path.replace('{@ package @}', '…')}`" for file in files)
        for role, files in technology.scaffold.items()
        if files
    ]
    return "; ".join(parts) or "no files of its own"


def _status(technology: Technology) -> str:
    said = technology.description
    return f"{said.status}, see {said.replaced_by}" if said.replaced_by else said.status


def _name(technology: Technology) -> str:
    return f"{technology.component}-{technology.name}"
