"""Who may ask the cluster's API: the policy and the identity of pods that report or make others."""

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMapProjectionArgs,
    DownwardAPIProjectionArgs,
    DownwardAPIVolumeFileArgs,
    KeyToPathArgs,
    ObjectFieldSelectorArgs,
    ProjectedVolumeSourceArgs,
    Service,
    ServiceAccountTokenProjectionArgs,
    VolumeArgs,
    VolumeProjectionArgs,
)
from pulumi_kubernetes.core.v1.outputs import ServiceSpec
from pulumi_kubernetes.discovery.v1 import EndpointSlice
from pulumi_kubernetes.discovery.v1.outputs import Endpoint
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from ninefold_stacks.foundation.kubernetes.site import Site

PORTS: Final = (443, 6443)
# Where clients of the API look for it.
IDENTITY: Final = "/var/run/secrets/kubernetes.io/serviceaccount"


def let_out(site: Site, name: str, pods: Mapping[str, str], stated: str = "") -> NetworkPolicy:
    """Let these pods ask the API at the addresses `stated` (CIDR), else where the cluster has it.

    Without a known address nothing is let out, for the other choice were everything.
    """
    if stated:
        egress = pulumi.Output.from_input(_asked([stated]))
    else:
        found = EndpointSlice.get(f"{name}-api", "default/kubernetes", site.inside())
        service = Service.get(f"{name}-api", "default/kubernetes", site.inside())
        # Some networks judge by the address that was asked, others by the one that answers.
        both = pulumi.Output.all(found.endpoints.apply(_answering), service.spec.apply(_known_as))
        egress = both.apply(lambda known: _asked([one for each in known for one in each]))
    return NetworkPolicy(
        name,
        metadata=site.meta(name),
        spec=NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(match_labels=dict(pods)),
            policy_types=["Egress"],
            egress=egress,
        ),
        opts=site.inside(),
    )


def identity() -> VolumeArgs:
    """What Kubernetes mounts into every container of a pod if it is let to: for those that ask."""
    token = ServiceAccountTokenProjectionArgs(path="token", expiration_seconds=3600)
    name = DownwardAPIVolumeFileArgs(
        path="namespace", field_ref=ObjectFieldSelectorArgs(field_path="metadata.namespace")
    )
    authority = ConfigMapProjectionArgs(
        name="kube-root-ca.crt", items=[KeyToPathArgs(key="ca.crt", path="ca.crt")]
    )
    sources = [
        VolumeProjectionArgs(service_account_token=token),
        VolumeProjectionArgs(downward_api=DownwardAPIProjectionArgs(items=[name])),
        VolumeProjectionArgs(config_map=authority),
    ]
    return VolumeArgs(name="identity", projected=ProjectedVolumeSourceArgs(sources=sources))


def _asked(addresses: Sequence[str]) -> list[NetworkPolicyEgressRuleArgs]:
    """The rule that lets requests out to the API; no address is no rule, not every address."""
    # In one order, whatever the order of the answer: that were a change at each look.
    peers = [
        NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=one)) for one in sorted(set(addresses))
    ]
    ports = [NetworkPolicyPortArgs(protocol="TCP", port=port) for port in PORTS]
    return [NetworkPolicyEgressRuleArgs(to=peers, ports=ports)] if peers else []


def _answering(endpoints: Sequence[Endpoint] | None) -> list[str]:
    return [_alone(one) for each in endpoints or [] for one in each.addresses]


def _known_as(service: ServiceSpec | None) -> list[str]:
    return [_alone(one) for one in (service.cluster_ips if service else None) or []]


def _alone(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"
