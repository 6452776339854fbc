"""Who may speak to the controller's own pods.

Its own manifests bring policies of these names, and where somebody left them out, whoever reaches
its repository server can have any repository's manifests made. Under the same names and with the
same content, there is one policy of each, whoever came first. They judge what comes in only, as
those do: the controller speaks to clusters and hosts of code that nobody knows here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

NAME: Final = "app.kubernetes.io/name"
SERVER: Final = "server"
READER: Final = "repo-server"
APPLIES: Final = "application-controller"
TELLS: Final = "notifications-controller"
GENERATES: Final = "applicationset-controller"


@dataclass(frozen=True)
class Part:
    """One of its workloads: who calls it where, and what everybody in the cluster may call."""

    name: str
    callers: tuple[str, ...] = ()
    served: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()  # metrics, and what a gateway hands on

    @property
    def policy(self) -> str:
        """What the policy is called."""
        return f"argocd-{self.name}-network-policy"

    @property
    def labels(self) -> dict[str, str]:
        """The policy's own labels: it belongs to the controller, and to no environment."""
        return {
            **_named(self.name),
            "app.kubernetes.io/part-of": "argocd",
            "app.kubernetes.io/component": self.name,
        }

    def spec(self) -> NetworkPolicySpecArgs:
        """Who is let in."""
        return NetworkPolicySpecArgs(
            pod_selector=_selected(self.name),
            policy_types=["Ingress"],
            ingress=list(self._rules()) or [NetworkPolicyIngressRuleArgs()],
        )

    def _rules(self) -> Iterator[NetworkPolicyIngressRuleArgs]:
        if self.callers:
            peers = [NetworkPolicyPeerArgs(pod_selector=_selected(one)) for one in self.callers]
            yield NetworkPolicyIngressRuleArgs(from_=peers, ports=_ports(self.served))
        if self.shared:
            everybody = NetworkPolicyPeerArgs(namespace_selector=LabelSelectorArgs())
            yield NetworkPolicyIngressRuleArgs(from_=[everybody], ports=_ports(self.shared))


# A part that an installation does not have is a policy that selects nothing.
PARTS: Final = (
    Part(APPLIES, shared=(8082,)),
    Part(GENERATES, shared=(7000, 8080)),
    Part("commit-server", (APPLIES,), (8086,), (8087,)),
    Part("dex-server", (SERVER,), (5556, 5557), (5558,)),
    Part(TELLS, shared=(9001,)),
    Part("redis", (SERVER, READER, APPLIES), (6379,)),
    Part(READER, (SERVER, APPLIES, TELLS, GENERATES), (8081,), (8084,)),
    # People come to it, from wherever they are.
    Part(SERVER),
)


def _named(name: str) -> dict[str, str]:
    return {NAME: f"argocd-{name}"}


def _selected(name: str) -> LabelSelectorArgs:
    return LabelSelectorArgs(match_labels=_named(name))


def _ports(numbers: tuple[int, ...]) -> list[NetworkPolicyPortArgs]:
    # What the server would fill in is stated: two who say the same are no conflict.
    return [NetworkPolicyPortArgs(protocol="TCP", port=number) for number in numbers]
