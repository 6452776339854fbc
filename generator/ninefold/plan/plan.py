"""What follows from a spec: frozen, printable, the same on every machine."""

from ninefold.spec.base import Part


class Requirement(Part):
    """A Python distribution that a technology brings, at the version that was tested."""

    name: str
    asked: str
    version: str | None


class Chosen(Part):
    """A technology that fills a slot."""

    component: str
    slot: str
    name: str
    targets: tuple[str, ...]
    """Targets for which it was chosen; empty stands for all."""
    summary: str
    homepage: str
    licence: str
    status: str
    replaced_by: str | None


class Repository(Part):
    """One role's repository."""

    role: str
    name: str
    package: str
    owners: dict[str, str]
    technologies: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    files: tuple[str, ...]
    """Files that technologies bring; all others come from the role's template."""
    contracts: tuple[str, ...]


class Place(Part):
    """An environment."""

    name: str
    target: str
    size: str
    layers: tuple[str, ...]
    clock: str | None
    namespace: str


class FeatureView(Part):
    """Features that share keys and time."""

    name: str
    source: str
    by: tuple[str, ...]
    ttl: str
    features: tuple[str, ...]


class Plan(Part):
    """The family of repositories and what they are made of."""

    version: int = 1
    product: str
    title: str
    problem_type: str
    organisation: str
    prefix: str
    label: str
    repositories: tuple[Repository, ...]
    technologies: tuple[Chosen, ...]
    environments: tuple[Place, ...]
    views: tuple[FeatureView, ...]
    warnings: tuple[str, ...]

    def text(self) -> str:
        """The plan as JSON, always in the same order."""
        return self.model_dump_json(indent=2) + "\n"
