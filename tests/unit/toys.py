"""A small house of toy technologies, and the flight example with one thing changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ninefold.names import folder_of
from ninefold.spec import Spec, SpecError, load_text
from ninefold.spec.technologies import SLOTS

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLE = CHECKOUT / "examples" / "flight-delays" / "product.yaml"
# Of the platform only the foundation: what a technology needs of a target is asked for by tests.
TEXT = (
    EXAMPLE.read_text(encoding="utf-8")
    .replace("{local: luigi, kubernetes: argo-workflows}", "luigi")
    .replace("target: kubernetes\n", "target: kubernetes\n    layers: [foundation]\n")
)


def changed(old: str, new: str, text: str = TEXT) -> str:
    """The example with the first `old` replaced; it must be there."""
    assert old in text, old
    return text.replace(old, new, 1)


def line_of(fragment: str, text: str) -> int:
    """The line in which a fragment first stands."""
    return text[: text.index(fragment)].count("\n") + 1


def problems(text: str) -> list[tuple[int, str]]:
    """What is wrong with a spec: line and sentence."""
    try:
        load_text(text)
    except SpecError as error:
        return [(each.line, each.text) for each in error.problems]
    return []


def technology(root: Path, component: str, name: str, **more: Any) -> Path:
    """Write a technology's folder."""
    folder = root / "stacks" / "ninefold_stacks" / component / folder_of(name)
    folder.mkdir(parents=True, exist_ok=True)
    slots: dict[str, Any] = {slot.name: {} for slot in SLOTS if slot.component == component}
    description = {
        "name": name,
        "summary": f"A toy for {component}.",
        "homepage": "https://example.org",
        "licence": "MIT",
        "status": "maintained",
        "slots": slots,
        "targets": ["local"],
        "needs": [],
        "offers": [],
        **more,
    }
    (folder / "technology.yaml").write_text(yaml.safe_dump(description, sort_keys=False))
    return folder


def scaffold(folder: Path, role: str, path: str, text: str = "# toy\n") -> Path:
    """Write a scaffold file of a technology."""
    file = folder / "scaffold" / role / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def toy_house(root: Path) -> Path:
    """A toy for every slot, each with a port of its own."""
    (root / "templates").mkdir(parents=True, exist_ok=True)
    for component in dict.fromkeys(slot.component for slot in SLOTS):
        folder = technology(root, component, f"toy-{component.replace('_', '-')}")
        scaffold(folder, "training", f"src/__package__/{component}_port.py.jinja")
    return root


def toy_choice() -> dict[str, Any]:
    """The technologies of a spec, all of them toys."""
    chosen: dict[str, Any] = {}
    for slot in SLOTS:
        name = f"toy-{slot.component.replace('_', '-')}"
        if slot.name == slot.component:
            chosen[slot.component] = name
        else:
            chosen.setdefault(slot.component, {})[slot.name] = name
    return chosen


def toy_text(changes: Mapping[str, Any] | None = None) -> str:
    """The flight example on toy technologies; `changes` replace slots' choices by component."""
    document = yaml.safe_load(TEXT)
    document["technologies"] = {**toy_choice(), **(changes or {})}
    return yaml.safe_dump(document, sort_keys=False)


def toy_spec(changes: Mapping[str, Any] | None = None) -> Spec:
    """The same, read."""
    return load_text(toy_text(changes))
