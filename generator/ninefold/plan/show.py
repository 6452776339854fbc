"""A plan for people: as text, as JSON, as a picture in Mermaid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from ninefold.plan.plan import Chosen, Plan, Repository


def as_text(plan: Plan) -> str:
    """Everything that will be there, a screen or two."""
    return "\n".join(_lines(plan)) + "\n"


def as_mermaid(plan: Plan) -> str:
    """The repositories as boxes, the contracts between them as arrows."""
    lines = ["flowchart LR"]
    for each in plan.repositories:
        inside = "<br/>".join([f"<b>{each.name}</b>", *each.technologies])
        lines.append(f'  {_box(each.role)}["{inside}"]')
    for (maker, taker), names in sorted(_arrows(plan).items()):
        lines.append(f'  {_box(maker)} -- "{"<br/>".join(names)}" --> {_box(taker)}')
    return "\n".join(lines) + "\n"


FORMATS: Mapping[str, Callable[[Plan], str]] = {
    "text": as_text,
    "json": Plan.text,
    "mermaid": as_mermaid,
}


def _lines(plan: Plan) -> Iterator[str]:
    yield f"{plan.title} ({plan.product}): {plan.problem_type} of {plan.label}"
    yield from ("", "Repositories")
    for each in plan.repositories:
        yield from _repository(each)
    yield from _section("Technologies", [_technology(each) for each in plan.technologies])
    yield from _section(
        "Environments",
        [
            (each.name, each.target, each.size, " + ".join(each.layers), each.namespace,
             f"now is {each.clock}" if each.clock else "")
            for each in plan.environments
        ],
    )  # fmt: skip
    yield from _section(
        "Feature views",
        [
            (each.name, f"{each.source} by {', '.join(each.by)}", f"kept {each.ttl}",
             f"{len(each.features)} features")
            for each in plan.views
        ],
    )  # fmt: skip
    for each in plan.repositories:
        asked = [(need.name, need.version or need.asked) for need in each.requirements]
        files = [(file,) for file in each.files]
        yield from _section(f"Distributions that technologies bring to {each.name}", asked)
        yield from _section(f"Files that technologies bring to {each.name}", files)


def _repository(each: Repository) -> Iterator[str]:
    yield f"  {each.name}"
    yield f"    made with  {', '.join(each.technologies) or 'no technology of its own'}"
    yield f"    owned by   {', '.join(f'{owner} ({role})' for role, owner in each.owners.items())}"


def _technology(each: Chosen) -> tuple[str, ...]:
    slot = each.component if each.slot == each.component else f"{each.component}.{each.slot}"
    where = f"for {', '.join(each.targets)}" if each.targets else ""
    return (slot, each.name, each.licence, each.status, where)


def _section(title: str, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield title
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _arrows(plan: Plan) -> dict[tuple[str, str], list[str]]:
    """Contracts between neighbours in the order of the roles; the product repository has all."""
    arrows: dict[tuple[str, str], list[str]] = {}
    held = {each.role: each.contracts for each in plan.repositories if each.role != "product"}
    for name in sorted({name for names in held.values() for name in names}):
        holders = [role for role, names in held.items() if name in names]
        for pair in pairwise(holders):
            arrows.setdefault(pair, []).append(name)
    return arrows


def _box(role: str) -> str:
    return role.replace("-", "_")
