"""A technology's folder, as its technology.yaml describes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ninefold.spec.base import Part
from ninefold.spec.technologies import BELOW, Target
from ninefold.spec.text import Line, TechnologyName, refused

Role = Literal["product", "data-engineering", "training", "serving", "monitoring", "platform"]
Status = Literal["maintained", "closed", "retired"]
Words = tuple[Line, ...]
SUFFIX = ".jinja"


class Verb(Part):
    """A verb of the repository's Makefile."""

    target: Line
    help: Line
    command: Line


class Job(Part):
    """How a step that computes is handed to a cluster: an object, instead of a pod of its own.

    `manifest` may hold {command}. The other two say by fields of the object's state, with their
    values there, when the step has ended well, and when badly.
    """

    manifest: dict[str, Any]
    succeeded: dict[str, Words]
    failed: dict[str, Words]


class Contribution(Part):
    """What the technology adds to the shared files of a role's repository."""

    dependencies: Words = ()
    """Requirements; exact versions stand in the pins."""
    development: Words = ()
    """Requirements of the development group."""
    image: Words = ()
    """Requirements of the image beyond those: what only a cluster asks of it."""
    excluded: dict[str, Line] = Field(default_factory=dict)
    """What dependencies ask for and works as well without, each with the reason to leave it out."""
    settings: dict[str, str] = Field(default_factory=dict)
    """Settings; values may hold {state}."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Environment variables, set before anything is imported; values may hold {state}."""
    secrets: dict[str, str] = Field(default_factory=dict)
    """In a cluster, environment variables from its Secrets, each as SECRET/KEY."""
    ignore: Words = ()
    """Lines of .gitignore."""
    packages: Words = ()
    """Debian packages of the image."""
    untyped: Words = ()
    """Modules without types."""
    make: tuple[Verb, ...] = ()
    """Verbs of the Makefile."""
    release: Words = ()
    """Folders of release objects below `release`."""
    pods: dict[str, str] = Field(default_factory=dict)
    """Kinds of its release objects that make pods, each with the path of a pod's spec in them."""
    images: Words = ()
    """Images of servers, each built from a folder of its name below `images`."""
    stated: dict[str, str] = Field(default_factory=dict)
    """Configuration of the platform that only its owner can state, each with an example."""
    production: dict[str, str | int] = Field(default_factory=dict)
    """Configuration of the platform where a person has to start what changes an environment."""
    setup: Words = ()
    """Commands that `make setup` runs, too."""
    job: Job | None = None
    """In a cluster, how the role's steps that compute are run there."""


class SlotFiles(Part):
    """The files that only this slot brings."""

    files: Words = ()
    """Patterns over the scaffold of each role."""


class Description(Part):
    """The content of technology.yaml."""

    name: TechnologyName
    summary: Line
    homepage: Annotated[Line, Field(pattern="^https://")]
    licence: Line
    """SPDX identifier, or `proprietary`."""
    status: Status
    """Is it kept up by its makers, closed to newcomers, or retired?"""
    replaced_by: Line | None = None
    """What came after a retired technology."""
    slots: Annotated[dict[str, SlotFiles], Field(min_length=1)]
    """The slots of its component that it fills."""
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]
    """Where it can run."""
    needs: Words = ()
    """Capabilities that others must offer."""
    offers: Words = ()
    """Capabilities that it offers to others."""
    own_environment: Words = ()
    """Requirements of an environment apart from the family's; their pins are a file beside this."""
    contributes: dict[Role, Contribution] = Field(default_factory=dict)
    deployed_with: str | None = None
    """The component whose server it shares."""

    def runs_on(self, target: str) -> bool:
        """Whether it can run on a target, or on what that stands on."""
        return target in self.targets or BELOW.get(target) in self.targets

    @model_validator(mode="after")
    def _status(self) -> "Description":
        if self.status == "retired" and self.replaced_by is None:
            raise refused("status is retired, but by what replaced? add replaced_by")
        return self


@dataclass(frozen=True)
class BroughtFile:
    """A file that a technology adds to a role's repository."""

    path: str
    source: str


@dataclass(frozen=True)
class Technology:
    """A technology in its component, with the files of its scaffold by role."""

    component: str
    folder: Path
    description: Description
    scaffold: Mapping[str, tuple[BroughtFile, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name that a spec chooses it by."""
        return self.description.name

    def files(self, role: str, slot: str) -> tuple[BroughtFile, ...]:
        """Files for a role when this slot is chosen: its own and those of no slot."""
        return tuple(self._files(role, slot))

    def contribution(self, role: str) -> Contribution | None:
        """What it adds to the shared files of a role's repository."""
        return {str(key): value for key, value in self.description.contributes.items()}.get(role)

    def _files(self, role: str, slot: str) -> Iterator[BroughtFile]:
        slots = self.description.slots
        for each in self.scaffold.get(role, ()):
            owners = [name for name in slots if self._brings(name, each)]
            if not owners or slot in owners:
                yield each

    def _brings(self, slot: str, file: BroughtFile) -> bool:
        path = file.path.replace("{@ package @}", "__package__")
        return any(fnmatch(path, pattern) for pattern in self.description.slots[slot].files)
