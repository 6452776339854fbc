"""Who may reach whom: the flows of a product's workloads, and the policies that follow from them.

Everything is denied that is not in the table. A flow is let out of its source and into its target,
so that both ends agree; whoever is not named in any flow can neither ask nor be asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from ninefold_stacks.foundation.kubernetes.workload import COMPONENT

NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Outside:
    """A peer that is no workload of the product: a namespace of the cluster, or addresses."""

    name: str
    namespace: str = ""
    addresses: pulumi.Input[str] = ""  # CIDR

    def peer(self) -> NetworkPolicyPeerArgs:
        """The peer as a policy names it."""
        if self.namespace:
            labels = {NAMESPACE_NAME: self.namespace}
            return NetworkPolicyPeerArgs(namespace_selector=LabelSelectorArgs(match_labels=labels))
        return NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=self.addresses))


@dataclass(frozen=True)
class Flow:
    """`source` may open connections to `target` on a TCP port, which may be another stack's."""

    source: str
    target: str
    port: pulumi.Input[int]

    def place(self) -> tuple[str, str, int]:
        """Where it stands in a table; ports that are not known yet come first."""
        return self.source, self.target, self.port if isinstance(self.port, int) else 0


def policies(
    flows: Iterable[Flow], outside: Iterable[Outside] = ()
) -> Iterator[tuple[str, NetworkPolicySpecArgs]]:
    """One policy for each workload that a flow names, with all that it may do."""
    table = sorted(dict.fromkeys(flows), key=Flow.place)
    others = {one.name: one for one in outside}
    names = sorted({name for flow in table for name in (flow.source, flow.target)} - others.keys())
    for name in names:
        yield name, _policy(name, table, others)


def _policy(name: str, table: list[Flow], others: Mapping[str, Outside]) -> NetworkPolicySpecArgs:
    asked = [flow for flow in table if flow.target == name]
    asking = [flow for flow in table if flow.source == name]
    return NetworkPolicySpecArgs(
        pod_selector=LabelSelectorArgs(match_labels={COMPONENT: name}),
        policy_types=["Ingress", "Egress"],
        ingress=[
            NetworkPolicyIngressRuleArgs(
                from_=[_peer(flow.source, others)], ports=[_port(flow.port)]
            )
            for flow in asked
        ]
        or None,
        egress=[
            NetworkPolicyEgressRuleArgs(to=[_peer(flow.target, others)], ports=[_port(flow.port)])
            for flow in asking
        ]
        or None,
    )


def _peer(name: str, others: Mapping[str, Outside]) -> NetworkPolicyPeerArgs:
    if name in others:
        return others[name].peer()
    return NetworkPolicyPeerArgs(pod_selector=LabelSelectorArgs(match_labels={COMPONENT: name}))


def _port(number: pulumi.Input[int]) -> NetworkPolicyPortArgs:
    return NetworkPolicyPortArgs(protocol="TCP", port=number)
