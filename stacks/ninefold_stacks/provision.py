"""What a platform asks of a technology, and what it gets: the interface of every `component.py`.

A technology's folder holds `form.py` with `Config` and `Outputs`, and `component.py` with

    PASSWORDS: Final = ("model-registry",)         # names of what is generated once, if any

    def provision(order: Order) -> Provided: ...

Its configuration is the namespace of its component: `pulumi config set training:workers 4`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pulumi

from ninefold_stacks.capabilities import Database, KeyValue, ObjectStore
from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside
from ninefold_stacks.foundation.kubernetes.workload import SecretKey, Text

# Workloads that more than one technology names in its flows; the label of their pods.
STEPS = "steps"  # a role repository's command, run by the orchestration
TRAINING = "training"  # the compute that training runs on
SERVING = "serving"  # the prediction service
CHALLENGER = f"{SERVING}-challenger"  # the same service beside it, while there is one
METRICS = "metrics"  # what scrapes the others
# Where the pods of the service listen. It is the release tree that says so
# (templates/shared/service.jinja); the port of the spec is that of a laptop.
SERVING_PORT = 3000


@dataclass(frozen=True)
class Kind:
    """A kind of objects in the cluster's API."""

    group: str
    resource: str  # its name in rules, such as `deployments`


def flow_to(offered: ObjectStore | Database | KeyValue, source: str) -> Flow:
    """The workload `source` may reach what the foundation offers."""
    if isinstance(offered.port, str):
        return Flow(source, offered.peer, int(offered.port))
    port: pulumi.Output[str] = pulumi.Output.from_input(offered.port)
    return Flow(source, offered.peer, port.apply(int))


@dataclass(frozen=True)
class Provided:
    """What a technology made.

    `settings` are those of the role repositories by their names there (`registry`); `secrets` are
    environment variables of the role repositories' containers, by the keys that hold them;
    `jobs` are the kinds of objects by which it takes steps (`job` in its technology.yaml);
    `outputs` are those of the technology's form, and are for people.
    """

    settings: Mapping[str, Text] = field(default_factory=dict)
    secrets: Mapping[str, SecretKey] = field(default_factory=dict)
    variables: Mapping[str, Text] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
    outside: tuple[Outside, ...] = ()
    jobs: tuple[Kind, ...] = ()
    outputs: Mapping[str, Text] = field(default_factory=dict)


def variables(product: str, provided: Iterable[Provided]) -> dict[str, Text]:
    """Settings of the role repositories as environment variables."""
    prefix = product.replace("-", "_").upper()
    found: dict[str, Text] = {}
    for one in provided:
        found |= one.variables
        found |= {f"{prefix}_{key.upper()}": value for key, value in one.settings.items()}
    return found


@dataclass(frozen=True)
class Order:
    """What a technology gets to work with.

    `images` are the role repositories' by role; `before` is what was provided already, by slot.
    """

    site: Site
    objects: ObjectStore
    database: Database
    keys: KeyValue
    images: Mapping[str, str]
    before: Mapping[str, Provided]

    def image(self, role: str) -> str:
        """The image of a role's repository; raises `ConfigError` where none is named."""
        if role not in self.images:
            raise ConfigError(
                f"config `images.{role}` is missing; name what its pipeline pushed: "
                f"pulumi config set --path images.{role} REGISTRY/NAME:TAG"
            )
        return self.images[role]
