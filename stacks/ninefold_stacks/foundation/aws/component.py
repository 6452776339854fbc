"""The foundation in an account of AWS: a network, a cluster, stores beside it; the rest on top.

Namespace, quota, policies and what is in them are those of every cluster; only where the stores are
and who opens them differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.configuration import checked
from ninefold_stacks.foundation.aws.access import cluster
from ninefold_stacks.foundation.aws.database import Sql
from ninefold_stacks.foundation.aws.eks import Cluster
from ninefold_stacks.foundation.aws.files import Files
from ninefold_stacks.foundation.aws.form import NAMESPACES, Config
from ninefold_stacks.foundation.aws.identities import Identities
from ninefold_stacks.foundation.aws.images import Images
from ninefold_stacks.foundation.aws.key_value import NAME as KEY_VALUE
from ninefold_stacks.foundation.aws.key_value import Keys
from ninefold_stacks.foundation.aws.land import Land, land
from ninefold_stacks.foundation.aws.network import Network
from ninefold_stacks.foundation.aws.object_store import Objects
from ninefold_stacks.foundation.aws.roles import roles, storage
from ninefold_stacks.foundation.kubernetes import component as kubernetes
from ninefold_stacks.foundation.kubernetes.stores import OF_DATABASE, Stores

TYPE: Final = "ninefold:foundation:Aws"


@dataclass(frozen=True)
class Told:
    """What the foundation is told: its own configuration, and that of each namespace."""

    config: Config
    passwords: Mapping[str, pulumi.Output[str]]
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is wrong before anything is made."""
        checked(Config, self.config)
        for name, form in NAMESPACES.items():
            checked(form, self.of(name), name)

    def of(self, name: str) -> Mapping[str, Any]:
        """The configuration of a namespace."""
        return self.parts.get(name, {})


class Foundation(pulumi.ComponentResource):
    """What the product's workloads in one environment stand on.

    The account comes through `opts`. Whoever renames a resource in here adds an alias with its
    old name, or what it holds is deleted.
    """

    def __init__(self, name: str, told: Told, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self.told = told
        own = land(told.config, self)
        key = self._key(own)
        self.network = Network(told.of("network"), own)
        self.cluster = Cluster(told.of("cluster"), own, self.network, key)
        self._stores(own, key)
        self.identities = Identities(own, self.cluster, own.name, self.objects, key)
        self.images = Images(told.config.get("images", ""), own, key)
        self.inside = self._inside(own)
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, Any]:
        """What a stack exports; the keys are those of the form `Outputs`."""
        return {
            **self.inside.outputs(),
            "cluster": {**self.cluster.outputs(), "stores": self.network.stores_range},
            "identities": dict(self.identities.roles),
            "images": dict(self.images.addresses),
        }

    def _key(self, own: Land) -> aws.kms.Key:
        """One key for all that rests; without it nothing can be read any more."""
        key = aws.kms.Key(
            "key",
            description=f"what {own.name} keeps",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=own.inside(data=True),
        )
        aws.kms.Alias("key", name=f"alias/{own.name}", target_key_id=key.key_id, opts=own.inside())
        return key

    def _stores(self, own: Land, key: aws.kms.Key) -> None:
        of, members, passwords = self.told.of, self.cluster.members, self.told.passwords
        self.objects = Objects(of("object_store"), own, key)
        self.files = Files(own, self.network, key, members)
        self.database = Sql(of("database"), own, self.network, key, members, passwords["database"])
        self.keys = Keys(of("key_value"), own, self.network, key, members, passwords["key_value"])

    def _inside(self, own: Land) -> kubernetes.Foundation:
        """Namespace, quota and policies in the new cluster, with the stores as they are offered."""
        # What asks the cluster waits for nodes: a job is awaited.
        after = [*self.cluster.ready, *self.files.doors]
        provider = cluster(self.told.config, {"cluster": self.cluster.outputs()}, after)
        names = ("product", "environment", "size", "owners", "settings", "image_pull_secret")
        args: Any = {name: value for name, value in self.told.config.items() if name in names}
        args["protect"] = own.protect
        args["offered"] = Stores(
            objects=self.objects.offered(),
            database=self.database.offered(),
            keys=self.keys.offered(),
            flows=(),
        )
        made = kubernetes.Foundation(
            "inside", args, pulumi.ResourceOptions(parent=self, provider=provider)
        )
        made.site.secret(KEY_VALUE, {"password": self.keys.password})
        passwords = {key: self.told.passwords[name] for key, name in OF_DATABASE.items()}
        roles(
            made.site,
            self.told.of("database"),
            self.database.host,
            passwords,
            self.network.stores_range,
        )
        storage(made.site, self.files.id)
        return made
