"""What the foundation is told, and what it tells those who build on it."""

from typing import Annotated, Final, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.foundation.kubernetes.stores.form import STORES
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


class Product(TypedDict):
    """What every target is told."""

    product: ProductName
    environment: EnvironmentName
    size: SizeName
    target: NotRequired[TargetName]
    owners: NotRequired[Owners]
    settings: NotRequired[
        Annotated[
            dict[str, str],
            Rule("Settings of the product for its workloads", "--path settings.TITLE Flights"),
        ]
    ]
    protect: NotRequired[Protect]
    image_pull_secret: NotRequired[PullSecret]


class Config(Product):
    """The keys of `Pulumi.<environment>.yaml`."""

    storage_class: NotRequired[StorageClass]
    assigned_uids: NotRequired[AssignedUids]
    context: NotRequired[Context]


class Outputs(TypedDict):
    """What the stack exports."""

    namespace: Annotated[str, Rule("The product's namespace in this environment", "")]
    settings: Annotated[str, Rule("Name of the ConfigMap with the product's settings", "")]
    size: Annotated[str, Rule("The size that the quota follows", "")]
    labels: Annotated[dict[str, str], Rule("Labels of everything that belongs to the product", "")]
    object_store: Annotated[dict[str, str], Rule("The object store, as its users need it", "")]
    database: Annotated[dict[str, str], Rule("The SQL database, as its users need it", "")]
    key_value: Annotated[dict[str, str], Rule("The key-value store, as its users need it", "")]


# Configuration in namespaces of its own: `pulumi config set database:storage 50Gi`.
NAMESPACES: Final = STORES
