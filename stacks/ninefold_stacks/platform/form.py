"""Configuration and outputs of the platform's stack; the source of its two schema files."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.keys import (
    AssignedUids,
    Context,
    EnvironmentName,
    Owners,
    ProductName,
    Protect,
    PullSecret,
    SizeName,
    StorageClass,
    TargetName,
)
from ninefold_stacks.patterns import ADDRESSES, IMAGE, NAME, STORAGE


class Config(TypedDict):
    """The keys of `Pulumi.<environment>.yaml`; technologies have namespaces of their own."""

    product: ProductName
    environment: EnvironmentName
    size: SizeName
    target: NotRequired[TargetName]
    technologies: Annotated[
        dict[str, str],
        Rule("Which technology fills each slot", "--path technologies.model_registry NAME"),
    ]
    images: NotRequired[
        Annotated[
            dict[str, str],
            Rule(
                "The images of the role repositories and of the servers, by name",
                "--path images.training REGISTRY/NAME:TAG",
                pattern=IMAGE,
            ),
        ]
    ]
    owners: NotRequired[Owners]
    foundation: NotRequired[
        Annotated[
            str,
            Rule(
                "The foundation's stack, where it is not the one beside this",
                "organization/flight-delays-foundation/staging",
                pattern=r"[^/\s]+/[^/\s]+/[^/\s]+",
            ),
        ]
    ]
    outside: NotRequired[
        Annotated[
            dict[str, str],
            Rule(
                "Addresses of existing stores that no pod of the namespace serves, by their name",
                "--path outside.database 192.0.2.0/24",
                pattern=ADDRESSES,
            ),
        ]
    ]
    protect: NotRequired[Protect]
    state_storage: NotRequired[
        Annotated[str, Rule("Size of the volume that the steps share", "50Gi", pattern=STORAGE)]
    ]
    state_mode: NotRequired[
        Annotated[
            str,
            Rule(
                "How the shared volume is mounted; once only where all pods share a node",
                "ReadWriteMany",
                choices=("ReadWriteMany", "ReadWriteOnce"),
            ),
        ]
    ]
    state_class: NotRequired[
        Annotated[str, Rule("Class of that volume, where it is another", "shared", pattern=NAME)]
    ]
    storage_class: NotRequired[StorageClass]
    image_pull_secret: NotRequired[PullSecret]
    assigned_uids: NotRequired[AssignedUids]
    context: NotRequired[Context]


class Outputs(TypedDict):
    """What the stack exports."""

    namespace: Annotated[str, Rule("The product's namespace in this environment", "")]
    settings: Annotated[
        dict[str, str], Rule("Settings of the role repositories inside the cluster", "")
    ]
    secrets: Annotated[
        dict[str, str],
        Rule("Of each secret setting the Secret and key that hold it, as SECRET/KEY", ""),
    ]
    components: Annotated[
        dict[str, str],
        Rule("What the components answer, such as their addresses, as COMPONENT.NAME", ""),
    ]
