"""What the server of the model registry is told, and what it tells."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.patterns import CPU, IMAGE, MEMORY

HOSTS = r"[a-zA-Z0-9.:*-]+(,[a-zA-Z0-9.:*-]+)*"


class Config(TypedDict):
    """The keys in the namespace `model_registry`."""

    replicas: NotRequired[Annotated[int, Rule("How many servers answer", "2", minimum=1)]]
    workers: NotRequired[Annotated[int, Rule("Processes in each server", "4", minimum=1)]]
    cpu: NotRequired[Annotated[str, Rule("Cores of a server", "500m", pattern=CPU)]]
    memory: NotRequired[
        Annotated[str, Rule("Memory of a server; 400Mi a worker", "2Gi", pattern=MEMORY)]
    ]
    image: NotRequired[
        Annotated[
            str,
            Rule("Another image than `images.model-registry`", "REGISTRY/NAME:TAG", pattern=IMAGE),
        ]
    ]
    hosts: NotRequired[
        Annotated[
            str,
            Rule(
                "Names beside its own under which it is asked, such as an ingress's",
                "registry.example.com",
                pattern=HOSTS,
            ),
        ]
    ]


class Outputs(TypedDict):
    """What it tells."""

    registry: Annotated[str, Rule("Where the model registry answers", "")]
