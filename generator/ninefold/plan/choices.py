"""Whether the chosen technologies exist, run on the targets, and have what they need."""

from collections.abc import Iterator

from ninefold.catalog import Catalog, Technology
from ninefold.spec import Spec
from ninefold.spec.environments import Environment
from ninefold.spec.meaning.fault import Fault
from ninefold.spec.problem import Place, did_you_mean
from ninefold.spec.technologies import SLOTS, Slot


def place_of(slot: Slot, target: str = "") -> Place:
    """Where in the spec a slot is filled."""
    inner = () if slot.name == slot.component else (slot.name,)
    return ("technologies", slot.component, *inner, *((target,) if target else ()))


def faults(spec: Spec, catalog: Catalog) -> Iterator[Fault]:
    """Everything that keeps the choice from being rendered."""
    unknown = list(_unknown(spec, catalog))
    yield from unknown
    if unknown:
        return
    for name, environment in spec.environments.items():
        if "platform" in environment.layers:
            yield from _environment_faults(name, environment, spec, catalog)
    yield from _clashes(spec, catalog)
    if all(environment.target != "local" for environment in spec.environments.values()):
        text = (
            "environments: none has the target local, where the loop is developed and its "
            "repositories are tested; add one, such as dev: {target: local, size: small}"
        )
        yield Fault(("environments",), text)


def warnings(spec: Spec, catalog: Catalog) -> Iterator[str]:
    """Choices that work but have no future."""
    for slot in SLOTS:
        for technology in _technologies(spec, catalog, slot):
            description = technology.description
            if description.status != "maintained":
                after = f"; it was replaced by {description.replaced_by}"
                yield (
                    f"{slot.path}: {technology.name} is {description.status}"
                    f"{after if description.replaced_by else '; choose one that is maintained'}"
                )


def _unknown(spec: Spec, catalog: Catalog) -> Iterator[Fault]:
    for slot in SLOTS:
        known = [each.name for each in catalog.filling(slot.component, slot.name)]
        for target, name in spec.technologies.chosen(slot).items():
            if name not in known:
                choice = [*known, *(() if slot.required else ("none",))]
                remedy = did_you_mean(name, choice) if choice else "none has been added for it yet"
                text = f"{slot.path}: no technology {name} fills it; {remedy}"
                yield Fault(place_of(slot, target), text)


def _environment_faults(
    name: str, environment: Environment, spec: Spec, catalog: Catalog
) -> Iterator[Fault]:
    """What the platform of one environment lacks."""
    target = environment.target
    chosen: list[tuple[Slot, Technology]] = []
    for slot in SLOTS:
        choice = spec.technologies.chosen_for(slot, target)
        technology = catalog.find(slot.component, choice) if choice else None
        if technology:
            chosen.append((slot, technology))
        elif slot.required:
            text = (
                f"{slot.path}: names no technology for {target}, which environment {name} needs; "
                f"add one for {target}, or provision only `layers: [foundation]` there"
            )
            yield Fault(place_of(slot), text)
    for slot, technology in chosen:
        if not technology.description.runs_on(target):
            yield Fault(place_of(slot), _unsupported(slot, technology, name, target, catalog))
    yield from _unmet(chosen, name, target, catalog)


def _unsupported(
    slot: Slot, technology: Technology, environment: str, target: str, catalog: Catalog
) -> str:
    others = [
        each.name
        for each in catalog.filling(slot.component, slot.name)
        if each.description.runs_on(target)
    ]
    remedy = f"choose {' or '.join(others)} for {target}" if others else (
        f"provision only `layers: [foundation]` in {environment}"
    )  # fmt: skip
    return (
        f"{slot.path}: {technology.name} does not run on {target}, the target of environment "
        f"{environment}; {remedy}"
    )


def _unmet(
    chosen: list[tuple[Slot, Technology]], environment: str, target: str, catalog: Catalog
) -> Iterator[Fault]:
    offered = {offer for _, technology in chosen for offer in technology.description.offers}
    for slot, technology in chosen:
        for need in technology.description.needs:
            if need not in offered:
                offering = _offering(need, target, catalog)
                remedy = (
                    f"choose {offering}, which offers it, or another {slot.path}"
                    if offering
                    else did_you_mean(need, sorted(offered))
                )
                text = (
                    f"{slot.path}: {technology.name} needs {need}, which nothing offers in "
                    f"environment {environment}; {remedy}"
                )
                yield Fault(place_of(slot), text)


def _offering(need: str, target: str, catalog: Catalog) -> str:
    """The technologies that offer a capability on a target, and as what."""
    found = [
        f"{each.name} as {each.component}"
        for each in catalog
        if need in each.description.offers and each.description.runs_on(target)
    ]
    return " or ".join(found)


def _clashes(spec: Spec, catalog: Catalog) -> Iterator[Fault]:
    """Two technologies of one slot, for different targets, that bring the same file."""
    for slot in SLOTS:
        brought: dict[tuple[str, str], Technology] = {}
        for technology in _technologies(spec, catalog, slot):
            for role in technology.scaffold:
                for file in technology.files(role, slot.name):
                    first = brought.setdefault((role, file.path), technology)
                    if first is not technology:
                        text = (
                            f"{slot.path}: {first.name} and {technology.name} both bring "
                            f"{file.path} to {role}; choose one of them for all targets"
                        )
                        yield Fault(place_of(slot), text)


def _technologies(spec: Spec, catalog: Catalog, slot: Slot) -> Iterator[Technology]:
    names = dict.fromkeys(spec.technologies.chosen(slot).values())
    for name in names:
        technology = catalog.find(slot.component, name)
        if technology:
            yield technology
