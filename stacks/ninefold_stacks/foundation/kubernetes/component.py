"""A namespace that is safe by default, with three stores: no traffic but what they need."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import (
    LimitRange,
    LimitRangeItemArgs,
    LimitRangeSpecArgs,
    Namespace,
    ResourceQuota,
    ResourceQuotaSpecArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from ninefold_stacks.configuration import checked
from ninefold_stacks.foundation.kubernetes.form import Config
from ninefold_stacks.foundation.kubernetes.site import Site, labels_of, owners_of
from ninefold_stacks.foundation.kubernetes.sizes import SIZES, Size
from ninefold_stacks.foundation.kubernetes.stores import Stores, Told, stores
from ninefold_stacks.foundation.kubernetes.stores.form import STORES

TYPE = "ninefold:foundation:Kubernetes"
# Kubernetes refuses every pod that does not keep to the restricted profile.
POD_SECURITY = {
    f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
}
EVERYONE = LabelSelectorArgs()
SYSTEM = LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": "kube-system"})
DNS = [NetworkPolicyPortArgs(protocol=protocol, port=53) for protocol in ("UDP", "TCP")]


class FoundationArgs(TypedDict):
    """Names are plain text: they become names of objects and must be known beforehand.

    `object_store`, `database` and `key_value` are the configurations of the stores; their keys are
    those of the forms in `stores/form.py`. `offered` are stores that a caller has made elsewhere.
    """

    product: str
    environment: str
    size: str
    owners: NotRequired[dict[str, str]]
    settings: NotRequired[Mapping[str, pulumi.Input[str]]]
    protect: NotRequired[bool]
    storage_class: NotRequired[str]
    image_pull_secret: NotRequired[str]
    assigned_uids: NotRequired[bool]
    passwords: NotRequired[Mapping[str, pulumi.Output[str]]]
    object_store: NotRequired[Mapping[str, Any]]
    database: NotRequired[Mapping[str, Any]]
    key_value: NotRequired[Mapping[str, Any]]
    offered: NotRequired[Stores]


class Foundation(pulumi.ComponentResource):
    """What the product's workloads in one environment stand on.

    The cluster comes through `opts`: `pulumi.ResourceOptions(provider=...)`. Whoever renames a
    resource in here adds an alias with its old name.
    """

    namespace: pulumi.Output[str]
    settings: pulumi.Output[str]
    size: str
    labels: dict[str, str]

    def __init__(
        self,
        name: str,
        args: FoundationArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        told = _checked(args)
        super().__init__(TYPE, name, {}, opts)
        self.size = args["size"]
        self.labels = labels_of(args["product"], args["environment"])
        namespace = self._namespace(args)
        self.namespace = namespace.metadata.name
        self.site = self._site(args)
        self._limits(SIZES[args["size"]])
        settings = self.site.settings("settings", args.get("settings", {}))
        self.settings = settings.metadata.name
        self._traffic()
        self.stores = stores(self.site, told) if told else args["offered"]
        self.site.flows("foundation", self.stores.flows)
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, pulumi.Input[str] | Mapping[str, pulumi.Input[str]]]:
        """What a stack exports; the keys are those of the form `Outputs`."""
        return {
            "namespace": self.namespace,
            "settings": self.settings,
            "size": self.size,
            "labels": self.labels,
            "object_store": self.stores.objects.outputs(),
            "database": self.stores.database.outputs(),
            "key_value": self.stores.keys.outputs(),
        }

    def _site(self, args: FoundationArgs) -> Site:
        return Site(
            product=args["product"],
            environment=args["environment"],
            size=args["size"],
            namespace=self.namespace,
            labels=self.labels,
            parent=self,
            storage_class=args.get("storage_class", ""),
            protect=args.get("protect", False),
            image_pull_secret=args.get("image_pull_secret", ""),
            assigned_uids=args.get("assigned_uids", False),
        )

    def _namespace(self, args: FoundationArgs) -> Namespace:
        return Namespace(
            "namespace",
            metadata=ObjectMetaArgs(
                name=f"{args['product']}-{args['environment']}",
                labels={**self.labels, **POD_SECURITY},
                annotations=owners_of(args.get("owners", {})),
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.get("protect", False)),
        )

    def _limits(self, size: Size) -> None:
        ResourceQuota(
            "quota",
            metadata=self.site.meta("quota"),
            spec=ResourceQuotaSpecArgs(hard=size.quota()),
            opts=self.site.inside(),
        )
        LimitRange(
            "limits",
            metadata=self.site.meta("limits"),
            spec=LimitRangeSpecArgs(
                limits=[
                    LimitRangeItemArgs(
                        type="Container",
                        default_request={"cpu": "100m", "memory": "128Mi"},
                        default={"cpu": "500m", "memory": "512Mi"},
                        max={"cpu": size.container_cpu, "memory": size.container_memory},
                    )
                ]
            ),
            opts=self.site.inside(),
        )

    def _traffic(self) -> None:
        """Nothing is let in or out; each workload brings a policy for what it needs."""
        NetworkPolicy(
            "deny",
            metadata=self.site.meta("deny-by-default"),
            spec=NetworkPolicySpecArgs(pod_selector=EVERYONE, policy_types=["Ingress", "Egress"]),
            opts=self.site.inside(),
        )
        NetworkPolicy(
            "dns",
            metadata=self.site.meta("allow-dns"),
            spec=NetworkPolicySpecArgs(
                pod_selector=EVERYONE,
                policy_types=["Egress"],
                egress=[
                    NetworkPolicyEgressRuleArgs(
                        to=[NetworkPolicyPeerArgs(namespace_selector=SYSTEM)], ports=DNS
                    )
                ],
            ),
            opts=self.site.inside(),
        )


def _checked(args: FoundationArgs) -> Told | None:
    """The rules of the configuration hold for callers in code as well."""
    plain = {
        name: value
        for name, value in args.items()
        if name not in (*STORES, "settings", "passwords", "offered")
    }
    checked(Config, plain)
    if "offered" in args:
        return None
    given: Mapping[str, Any] = args
    configs = {store: given[store] for store in STORES if store in given}
    return Told(configs, args.get("passwords", {}))
