"""The programs of a platform repository, as they are judged: each of them in every size.

This is the one place that knows them. A program is added as an entry of `PROGRAMS`, after those
whose outputs it reads; all judges then see what it registers.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pulumi.runtime import Mocks

from ninefold_stacks.passwords import passwords

from emitted import World
from registration import Answers, Object, Program
from rendering import Family

SIZES = ("small", "medium", "large")
ENVIRONMENT = "staging"
Cloud = Callable[[Mapping[str, Object]], Mocks]


@dataclass(frozen=True)
class Part:
    """A program: its folder, and what its configuration lacks in the repository.

    `given` are Secrets that exist in the cluster without us; None in `config` takes a key away.
    """

    folder: str
    config: Mapping[str, Any] = field(default_factory=dict)
    given: tuple[str, ...] = ()


# An environment may have the first only.
PROGRAMS = (Part("foundation"), Part("platform"))


def world(
    family: Family,
    size: str,
    *,
    protect: bool = False,
    environment: str = ENVIRONMENT,
    cloud: Cloud = Answers,
    parts: Iterable[Part] = PROGRAMS,
    **more: Any,
) -> World:
    """Run the programs one after the other, and put together what they register."""
    told = {"size": size, "protect": protect, "environment": environment, "context": "cluster"}
    stacks: dict[str, Object] = {}
    ran = []
    product = family.name
    owners: Mapping[str, str] = {}
    hidden: list[str] = []
    repository = family.repository("platform")
    for part in (one for one in parts if (repository / one.folder).is_dir()):
        program = configured(repository, part, environment, {**told, **more})
        outcome = program.run(cloud(stacks))
        stacks[f"organization/{program.project}/{environment}"] = outcome.outputs
        ran.append(outcome)
        hidden += program.secrets.values()
        product = program.config.get("product", product)
        owners = program.config.get("owners", owners)
    return World(
        objects=tuple(one for outcome in ran for one in outcome.objects),
        product=product,
        environment=environment,
        protect=protect,
        owners=owners,
        passwords=tuple(hidden),
        given=tuple(name for part in parts for name in part.given),
        outputs={key: one for outcome in ran for key, one in outcome.outputs.items()},
    )


def delivered(family: Family, name: str, stated: Mapping[str, str] | None = None) -> World:
    """The usual environment with another delivery, and what its owner states of it."""
    folder = family.repository("platform") / "platform"
    document = yaml.safe_load((folder / f"Pulumi.{ENVIRONMENT}.yaml").read_text("utf-8"))
    chosen = document["config"][f"{family.name}-platform:technologies"]
    config = {"technologies": {**chosen, "cicd.delivery": name}, **(stated or {})}
    return world(family, "small", parts=(PROGRAMS[0], Part("platform", config)))


def configured(repository: Path, part: Part, environment: str, told: Mapping[str, Any]) -> Program:
    """A program with the configuration of its repository, changed by what is told."""
    folder = repository / part.folder
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    file = folder / f"Pulumi.{ENVIRONMENT}.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    own = {key.removeprefix(f"{project}:"): one for key, one in document["config"].items()}
    asked = {**own, **told, **part.config}
    config = {key: value for key, value in asked.items() if value is not None}
    return Program(folder / "__main__.py", project, environment, config, _made(part, config))


def _made(part: Part, config: Mapping[str, Any]) -> Object:
    """Passwords, as the repository's verb generates them; each occurs nowhere else."""
    names = passwords(part.folder, config)
    return {f"passwords:{name}": f"pw-{part.folder}-{name}-9c1f" for name in names}
