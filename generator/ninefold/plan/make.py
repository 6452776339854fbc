"""From spec and catalog to the plan: a pure function."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement as Asked
from packaging.utils import canonicalize_name

from ninefold import names
from ninefold.catalog import Catalog, Technology
from ninefold.catalog import load as load_catalog
from ninefold.errors import NinefoldError
from ninefold.pins import uncovered
from ninefold.plan import choices, contracts
from ninefold.plan.plan import Chosen, FeatureView, Place, Plan, Repository, Requirement
from ninefold.spec import Problem, Spec, SpecError, load_with_data
from ninefold.spec.document import read
from ninefold.spec.meaning import Fault, advice
from ninefold.spec.technologies import SLOTS, Slot

# Which roles of people answer for which repository.
OWNERS = {
    "product": ("business_stakeholder", "solution_architect"),
    "data-engineering": ("data_engineer", "software_engineer"),
    "training": ("data_scientist", "ml_engineer"),
    "serving": ("software_engineer", "ml_engineer"),
    "monitoring": ("ml_engineer", "data_engineer", "data_scientist"),
    "platform": ("devops_engineer", "solution_architect"),
}


# In the path of a file that a technology brings to every environment.
EACH = "__environment__"


class PlanError(NinefoldError):
    """The spec cannot be rendered with these technologies; one line for each fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(fault.text for fault in faults))


@dataclass(frozen=True)
class Prepared:
    """A spec that can be rendered: checked, as Copier takes it, and planned."""

    spec: Spec
    data: dict[str, Any]
    plan: Plan


def prepare(path: Path, catalog: Catalog | None = None) -> Prepared:
    """Read, check and plan a product.yaml; every fault comes with its line."""
    spec, data = load_with_data(path)
    try:
        made = make(spec, catalog or load_catalog())
    except PlanError as error:
        document = read(path)
        problems = [
            Problem(document.line_of(each.place, key=True), each.text) for each in error.faults
        ]
        raise SpecError(document.name, problems) from error
    return Prepared(spec, data, made)


def make(spec: Spec, catalog: Catalog) -> Plan:
    """Plan a product; whatever can be refused is refused here."""
    faults = list(choices.faults(spec, catalog)) or list(_untested(spec, catalog))
    if faults:
        raise PlanError(faults)
    product = spec.product
    return Plan(
        product=product.name,
        title=product.title,
        problem_type=product.type,
        organisation=product.organisation,
        prefix=names.prefix_name(product.name),
        label=spec.label.name,
        repositories=tuple(_repository(role, spec, catalog) for role in names.ROLES),
        technologies=tuple(_chosen(slot, each) for slot, each in _filled(spec, catalog)),
        environments=tuple(_places(spec)),
        views=tuple(_views(spec)),
        warnings=(*choices.warnings(spec, catalog), *advice(spec)),
    )


def _filled(spec: Spec, catalog: Catalog) -> Iterator[tuple[Slot, tuple[Technology, list[str]]]]:
    for slot in SLOTS:
        targets: dict[str, list[str]] = {}
        for target, name in spec.technologies.chosen(slot).items():
            targets.setdefault(name, []).extend([target] if target else [])
        for name, wanted in targets.items():
            technology = catalog.find(slot.component, name)
            if technology:
                yield slot, (technology, wanted)


def _chosen(slot: Slot, choice: tuple[Technology, list[str]]) -> Chosen:
    technology, targets = choice
    description = technology.description
    return Chosen(
        component=slot.component,
        slot=slot.name,
        name=technology.name,
        targets=tuple(sorted(targets)),
        summary=description.summary,
        homepage=description.homepage,
        licence=description.licence,
        status=description.status,
        replaced_by=description.replaced_by,
    )


def _repository(role: str, spec: Spec, catalog: Catalog) -> Repository:
    product = spec.product.name
    package = names.package_name(product, role)
    brought = [
        (slot, technology)
        for slot, (technology, _) in _filled(spec, catalog)
        if technology.files(role, slot.name) or technology.contribution(role)
    ]
    files = {
        path.replace("{@ package @}", package)
        for slot, technology in brought
        for file in technology.files(role, slot.name)
        for path in _paths(file.path, slot, technology.name, spec)
    }
    return Repository(
        role=role,
        name=names.repository_name(product, role),
        package=package,
        owners={each.replace("_", "-"): getattr(spec.owners, each) for each in OWNERS[role]},
        technologies=tuple(sorted({technology.name for _, technology in brought})),
        requirements=tuple(_requirements([each for _, each in brought], role, catalog.pins)),
        files=tuple(sorted(files)),
        contracts=tuple(name for name, roles in contracts.holders(spec) if role in roles),
    )


def _paths(path: str, slot: Slot, technology: str, spec: Spec) -> Iterator[str]:
    """Where a file comes to: one of environments to each where the technology fills the slot."""
    if EACH not in path:
        yield path
        return
    for name, environment in spec.environments.items():
        has_platform = environment.target != "local" and "platform" in environment.layers
        if has_platform and spec.technologies.chosen_for(slot, environment.target) == technology:
            yield path.replace(EACH, name)


def _requirements(
    technologies: Sequence[Technology], role: str, pins: Sequence[str]
) -> Iterator[Requirement]:
    asked = {
        text
        for technology in technologies
        if (brought := technology.contribution(role))
        for text in brought.dependencies
    }
    for text in sorted(asked):
        name = canonicalize_name(Asked(text).name)
        versions = [pin.partition("==")[2] for pin in pins if pin.partition("==")[0] == name]
        version = versions[0].partition(" ;")[0] if versions else None
        yield Requirement(name=name, asked=text, version=version)


def _untested(spec: Spec, catalog: Catalog) -> Iterator[Fault]:
    """Requirements that no tested version meets; nothing is asked while there are no pins."""
    for slot, (technology, _) in _filled(spec, catalog) if catalog.pins else ():
        asked = [
            text
            for brought in technology.description.contributes.values()
            for text in (*brought.dependencies, *brought.development)
        ]
        for text in uncovered(asked, catalog.pins):
            fault = f"{slot.path}: {technology.name} asks for {text}, which was not tested; "
            yield Fault(choices.place_of(slot), f"{fault}renew templates/pins.yaml: `make pins`")


def _places(spec: Spec) -> Iterator[Place]:
    for name, environment in spec.environments.items():
        yield Place(
            name=name,
            target=environment.target,
            size=environment.size,
            layers=environment.layers,
            clock=environment.clock,
            namespace=names.namespace_name(spec.product.name, name),
        )


def _views(spec: Spec) -> Iterator[FeatureView]:
    for name, view in spec.features.items():
        yield FeatureView(
            name=name,
            source=view.source,
            by=view.by,
            ttl=view.ttl,
            features=tuple(view.rules),
        )
