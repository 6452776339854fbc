"""Who may reach whom, by the rules of Kubernetes' NetworkPolicies, read off the objects alone.

A connection is allowed when the source's side lets it out and the target's side lets it in. A side
that no policy selects in that direction lets everything through; one that is selected lets through
what any of its policies names. https://kubernetes.io/docs/concepts/services-networking/network-policies
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from emitted import World, head, namespace
from registration import Object

DIRECTIONS = ("Ingress", "Egress")
NAMESPACE = "kubernetes.io/metadata.name"
# Stands for every port that nobody mentions: who reaches it may use any port.
ANY = 1
# Policies may name pods by address, too, and most clusters then let the pods in: the worst case.
PODS = "192.0.2.10"


@dataclass(frozen=True)
class Peer:
    """A group of pods that are alike, or something outside of the cluster (no namespace)."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # name: protocol, number
    address: str = PODS

    @property
    def inside(self) -> bool:
        return bool(self.namespace)


@dataclass(frozen=True)
class Policy:
    """A NetworkPolicy: where it stands, and what it says."""

    namespace: str
    spec: Object

    @property
    def directions(self) -> tuple[str, ...]:
        """As the API server fills them in."""
        stated = self.spec.get("policyTypes")
        default = ("Ingress", "Egress") if self.spec.get("egress") else ("Ingress",)
        return tuple(stated) if stated else default

    def concerns(self, space: str, labels: Mapping[str, str], direction: str) -> bool:
        """It decides about these pods in this direction."""
        selected = selects(self.spec.get("podSelector") or {}, labels)
        return direction in self.directions and space == self.namespace and selected

    def allows(self, direction: str, other: Peer, target: Peer, port: int, protocol: str) -> bool:
        """One of its rules names the other side and the port, which is the target's."""
        rules = self.spec.get(direction.lower()) or []
        side = "from" if direction == "Ingress" else "to"
        return any(
            (not rule.get(side) or any(self._is(peer, other) for peer in rule[side]))
            and _opens(rule.get("ports") or [], target, port, protocol)
            for rule in rules
        )

    def _is(self, peer: Object, other: Peer) -> bool:
        if "ipBlock" in peer:
            return _within(peer["ipBlock"], other.address)
        if not other.inside:
            return False
        if "namespaceSelector" in peer:
            there = selects(peer["namespaceSelector"] or {}, other.namespace_labels)
        else:
            there = other.namespace == self.namespace
        return there and selects(peer.get("podSelector") or {}, other.labels)


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """A selector of labels; the empty one selects everything."""
    if not (selector.get("matchLabels") or {}).items() <= labels.items():
        return False
    return all(_holds(one, labels) for one in selector.get("matchExpressions") or [])


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    return {
        "In": key in labels and labels.get(key) in values,
        "NotIn": key not in labels or labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[str(expression["operator"])]


def _within(block: Object, address: str) -> bool:
    one = ip_address(address)
    excepted = block.get("except") or []
    return one in ip_network(block["cidr"]) and not any(
        one in ip_network(part) for part in excepted
    )


def _opens(ports: Sequence[Object], target: Peer, port: int, protocol: str) -> bool:
    return not ports or any(_is_port(one, target, port, protocol) for one in ports)


def _is_port(one: Object, target: Peer, port: int, protocol: str) -> bool:
    if (one.get("protocol") or "TCP") != protocol:
        return False
    wanted = one.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return target.ports.get(wanted) == (protocol, port)
    return int(wanted) <= port <= int(one.get("endPort") or wanted)


def isolating(
    policies: Iterable[Policy], space: str, labels: Mapping[str, str], direction: str
) -> list[Policy]:
    """The policies that decide about these pods; without any, everything is let through."""
    return [one for one in policies if one.concerns(space, labels, direction)]


def allowed(
    policies: Sequence[Policy], source: Peer, target: Peer, port: int, protocol: str = "TCP"
) -> bool:
    """The source may open a connection to this port of the target."""
    sides = (("Egress", source, target), ("Ingress", target, source))
    return all(
        not own.inside
        or not (deciding := isolating(policies, own.namespace, own.labels, direction))
        or any(one.allows(direction, other, target, port, protocol) for one in deciding)
        for direction, own, other in sides
    )


def reachable(
    policies: Sequence[Policy], ours: Sequence[Peer], others: Sequence[Peer] = ()
) -> set[tuple[str, str, int]]:
    """All connections over TCP that one of ours has part in.

    Of a target that is said to listen at ports these are asked for, of others all that a policy
    mentions; `ANY` stands for the rest.
    """
    mentioned = {*_mentioned(policies), *(port for one in ours for port in _listens(one))}
    everyone = [*ours, *others]
    return {
        (source.name, target.name, port)
        for source in everyone
        for target in everyone
        if source in ours or target in ours
        for port in (_listens(target) or mentioned) | {ANY}
        if allowed(policies, source, target, port)
    }


def _listens(target: Peer) -> set[int]:
    return {number for protocol, number in target.ports.values() if protocol == "TCP"}


def _mentioned(policies: Iterable[Policy]) -> Iterator[int]:
    for policy in policies:
        for rule in (*(policy.spec.get("ingress") or []), *(policy.spec.get("egress") or [])):
            for one in rule.get("ports") or []:
                if isinstance(one.get("port"), int):
                    yield one["port"]
                    yield one.get("endPort") or one["port"]


def policies(world: World) -> list[Policy]:
    """The policies of a world."""
    found = world.of("NetworkPolicy")
    return [Policy(namespace(one), one.inputs.get("spec") or {}) for one in found]


def workloads(world: World) -> list[Peer]:
    """The pods of a world, by workload."""
    spaces = {head(one)["name"]: head(one).get("labels", {}) for one in world.of("Namespace")}
    found: list[Peer] = []
    for pod in world.pods:
        named = {**spaces.get(pod.namespace, {}), NAMESPACE: pod.namespace}
        ports = _ports(pod.spec["containers"])
        one = Peer(pod.name, pod.namespace, pod.labels, named, ports)
        if one not in found:
            found.append(one)
    return found


def _ports(containers: Iterable[Object]) -> dict[str, tuple[str, int]]:
    listed: list[Any] = [port for one in containers for port in one.get("ports", [])]
    return {
        port.get("name", str(port["containerPort"])): (
            port.get("protocol", "TCP"),
            int(port["containerPort"]),
        )
        for port in listed
    }


def space(name: str) -> Peer:
    """Some pod in another namespace of the cluster."""
    return Peer(name, name, {}, {NAMESPACE: name})


def outside(name: str, address: str) -> Peer:
    """Something that is not in the cluster."""
    return Peer(name, address=address)
