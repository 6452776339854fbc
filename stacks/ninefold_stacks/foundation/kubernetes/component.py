"""A namespace that is safe by default: quota, limits, settings, and no traffic but to DNS."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
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
from ninefold_stacks.foundation.kubernetes.sizes import SIZES, Size

TYPE = "ninefold:foundation:Kubernetes"
# Kubernetes refuses every pod that does not keep to the restricted profile.
POD_SECURITY = {
    f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
}
EVERYONE = LabelSelectorArgs()
SYSTEM = LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": "kube-system"})
DNS = [NetworkPolicyPortArgs(protocol=protocol, port=53) for protocol in ("UDP", "TCP")]


class FoundationArgs(TypedDict):
    """Names are plain text: they become names of objects and must be known beforehand."""

    product: str
    environment: str
    size: str
    owners: NotRequired[dict[str, str]]
    settings: NotRequired[Mapping[str, pulumi.Input[str]]]
    protect: NotRequired[bool]


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
        _check(args)
        super().__init__(TYPE, name, {}, opts)
        self.size = args["size"]
        self.labels = {
            "app.kubernetes.io/part-of": args["product"],
            "app.kubernetes.io/managed-by": "pulumi",
            "environment": args["environment"],
        }
        namespace = self._namespace(args)
        self.namespace = namespace.metadata.name
        self._limits(SIZES[args["size"]])
        self.settings = self._settings(args)
        self._traffic()
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, pulumi.Input[str] | dict[str, str]]:
        """What a stack exports; the keys are those of the form `Outputs`."""
        return {
            "namespace": self.namespace,
            "settings": self.settings,
            "size": self.size,
            "labels": self.labels,
        }

    def _namespace(self, args: FoundationArgs) -> Namespace:
        owners = {f"owner.{role}": who for role, who in args.get("owners", {}).items()}
        return Namespace(
            "namespace",
            metadata=ObjectMetaArgs(
                name=f"{args['product']}-{args['environment']}",
                labels={**self.labels, **POD_SECURITY},
                annotations=owners,
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.get("protect", False)),
        )

    def _limits(self, size: Size) -> None:
        ResourceQuota(
            "quota",
            metadata=self._named("quota"),
            spec=ResourceQuotaSpecArgs(hard=size.quota()),
            opts=self._inside(),
        )
        LimitRange(
            "limits",
            metadata=self._named("limits"),
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
            opts=self._inside(),
        )

    def _settings(self, args: FoundationArgs) -> pulumi.Output[str]:
        settings = ConfigMap(
            "settings",
            metadata=self._named("settings"),
            data=args.get("settings", {}),
            opts=self._inside(),
        )
        return settings.metadata.name

    def _traffic(self) -> None:
        """Nothing is let in or out; each workload brings a policy for what it needs."""
        NetworkPolicy(
            "deny",
            metadata=self._named("deny-by-default"),
            spec=NetworkPolicySpecArgs(pod_selector=EVERYONE, policy_types=["Ingress", "Egress"]),
            opts=self._inside(),
        )
        NetworkPolicy(
            "dns",
            metadata=self._named("allow-dns"),
            spec=NetworkPolicySpecArgs(
                pod_selector=EVERYONE,
                policy_types=["Egress"],
                egress=[
                    NetworkPolicyEgressRuleArgs(
                        to=[NetworkPolicyPeerArgs(namespace_selector=SYSTEM)], ports=DNS
                    )
                ],
            ),
            opts=self._inside(),
        )

    def _named(self, name: str) -> ObjectMetaArgs:
        return ObjectMetaArgs(name=name, namespace=self.namespace, labels=self.labels)

    def _inside(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)


def _check(args: FoundationArgs) -> None:
    """The rules of the configuration hold for callers in code as well."""
    plain = {name: value for name, value in args.items() if name != "settings"}
    checked(Config, plain)
