"""What the three stores are told: each has a namespace of the configuration of its own."""

from collections.abc import Mapping
from typing import Annotated, Final, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.patterns import CPU, CRON, IMAGE, MEMORY, NAME, STORAGE

POD: Final = "pod"
EXISTING: Final = "existing"

Kind = Annotated[
    str,
    Rule(
        "Whether it is made in the namespace, or exists and is adopted",
        EXISTING,
        choices=(POD, EXISTING),
    ),
]
Image = Annotated[str, Rule("The image, of one version", "registry.example/name:1.2", IMAGE)]
Storage = Annotated[
    str, Rule("The size of the volume; by size of the environment", "50Gi", STORAGE)
]
Memory = Annotated[str, Rule("Memory; by size of the environment", "4Gi", MEMORY)]
Cpu = Annotated[
    str, Rule("CPU, which may rise to twice as much; by size of the environment", "500m", CPU)
]
Host = Annotated[str, Rule("Where the existing one answers", "database.example.org", NAME)]
Port = Annotated[int, Rule("The port of the existing one", "5432", minimum=1)]
HeldBy = Annotated[
    str, Rule("Name of the Secret of the namespace with what opens it", "adopted", NAME)
]


class ObjectStoreConfig(TypedDict):
    """The namespace `object_store`."""

    kind: NotRequired[Kind]
    image: NotRequired[Image]
    storage: NotRequired[Storage]
    memory: NotRequired[Memory]
    cpu: NotRequired[Cpu]
    bucket: NotRequired[
        Annotated[
            str,
            Rule(
                "The product's bucket; its own name, unless stated",
                "flight-delays",
                pattern=r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
            ),
        ]
    ]
    region: NotRequired[
        Annotated[str, Rule("The region of the bucket", "eu-central-1", pattern=r"[a-z0-9-]+")]
    ]
    endpoint: NotRequired[
        Annotated[
            str,
            Rule(
                "URL of the existing one; none for the provider's own",
                "https://objects.example.org",
                pattern=r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?",
            ),
        ]
    ]
    secret: NotRequired[HeldBy]


class DatabaseConfig(TypedDict):
    """The namespace `database`."""

    kind: NotRequired[Kind]
    image: NotRequired[Image]
    storage: NotRequired[Storage]
    memory: NotRequired[Memory]
    cpu: NotRequired[Cpu]
    backup_schedule: NotRequired[
        Annotated[str, Rule("When it is backed up (cron, in UTC)", '"15 2 * * *"', pattern=CRON)]
    ]
    backup_keep: NotRequired[Annotated[int, Rule("How many backups are kept", "14", minimum=1)]]
    backup_storage: NotRequired[Storage]
    host: NotRequired[Host]
    port: NotRequired[Port]
    secret: NotRequired[HeldBy]


class KeyValueConfig(TypedDict):
    """The namespace `key_value`."""

    kind: NotRequired[Kind]
    image: NotRequired[Image]
    storage: NotRequired[Storage]
    memory: NotRequired[Memory]
    cpu: NotRequired[Cpu]
    host: NotRequired[Host]
    port: NotRequired[Port]
    secret: NotRequired[HeldBy]
    tls: NotRequired[Annotated[bool, Rule("Connections to the existing one are encrypted", "true")]]


# The namespaces, by the names under which a foundation gets them.
STORES: Final[Mapping[str, type]] = {
    "object_store": ObjectStoreConfig,
    "database": DatabaseConfig,
    "key_value": KeyValueConfig,
}
