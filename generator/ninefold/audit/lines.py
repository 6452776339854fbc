"""What is audited: thirty lines, which lines.yaml maps to files and tests of the repositories."""

import json
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, TypeAdapter, model_validator

from ninefold.catalog.technology import Role
from ninefold.spec.base import Part
from ninefold.spec.owners import Owners
from ninefold.spec.technologies import SLOTS
from ninefold.spec.text import Line as Text

PATH = Path(__file__).with_name("lines.yaml")
Kind = Literal["principle", "component", "role", "stage"]
_OWNERS = {field.replace("_", "-") for field in Owners.model_fields}
_SLOTS = {slot.path for slot in SLOTS}


class Evidence(Part):
    """A file that realises a line, the test that shows it, and the command that runs it."""

    role: Role | Literal["each"]
    """Whose repository; `each` stands for all of them."""
    file: Text | None = None
    """A path in it; {package} stands for its Python package, {view} for each feature view."""
    brought: Text | None = None
    """Instead of a file: those that the technology in this slot brings, whatever their names."""
    command: Text
    """What people run; {repository} stands for its name."""
    test: Text
    """A test's id, file::function."""
    chosen: Text | None = None
    """Counts only where this slot is filled: a product can live without."""
    provisioned: bool = False
    """Counts only where an environment lies beyond this machine."""
    equipped: bool = False
    """Counts only where an environment has a platform."""

    @model_validator(mode="after")
    def _consistent(self) -> "Evidence":
        if (self.file is None) == (self.brought is None):
            raise ValueError("name a file or the slot that brings it")
        for slot in (self.brought, self.chosen):
            if slot is not None and slot not in _SLOTS:
                raise ValueError(f"there is no slot {slot}")
        if self.test.count("::") != 1:
            raise ValueError(f"{self.test} is no test: file::function")
        return self


class Line(Part):
    """One of the things that are audited."""

    id: Annotated[str, Field(pattern="^([PCR][1-9]|A|B1|B2|C|D)$")]
    kind: Kind
    title: Text
    owner: Text
    """The role of people who answers for it."""
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_owner(self) -> "Line":
        if self.owner not in _OWNERS:
            raise ValueError(f"{self.owner} is no role of people")
        return self


def load(path: Path = PATH) -> tuple[Line, ...]:
    """Read the mapping."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    # By JSON's rules a list becomes a tuple, and nothing else is converted.
    return TypeAdapter(tuple[Line, ...]).validate_json(json.dumps(document))
