"""The analysis of NetworkPolicies, held against a second one, and what it says about the stacks."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold_stacks.foundation.kubernetes import site
from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside, policies

import toy
from deployed import ENVIRONMENT, SIZES, world
from emitted import World
from reach import ANY, Peer, Policy, allowed, outside, reachable, space, workloads
from reach import policies as policies_of
from registration import Object, Program
from rendering import Family, copy

DNS = 53
SYSTEM = space("kube-system")
STRANGER = space("stranger")
INTERNET = outside("internet", "203.0.113.7")
NEIGHBOUR = outside("neighbour", "198.51.100.9")
OTHERS = (SYSTEM, STRANGER, INTERNET, NEIGHBOUR)

KEYS, VALUES = ("app", "tier"), ("a", "b")
SPACES = {"one": {"team": "x"}, "two": {"team": "y"}}
NUMBERS = (80, 81, 82)


def _labels() -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))


def _expression() -> st.SearchStrategy[Object]:
    key = st.sampled_from((*KEYS, "team"))
    some = st.lists(st.sampled_from((*VALUES, "x")), min_size=1, max_size=2)
    listed = st.fixed_dictionaries(
        {"key": key, "operator": st.sampled_from(("In", "NotIn")), "values": some}
    )
    bare = {"key": key, "operator": st.sampled_from(("Exists", "DoesNotExist"))}
    return st.one_of(listed, st.fixed_dictionaries(bare))


def _selector(labels: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries(
        {},
        optional={"matchLabels": labels, "matchExpressions": st.lists(_expression(), max_size=2)},
    )


def _peer() -> st.SearchStrategy[Object]:
    team = st.dictionaries(st.just("team"), st.sampled_from(("x", "y")))
    pods, spaces = _selector(_labels()), _selector(team)
    block = st.sampled_from(
        [
            {"cidr": "0.0.0.0/0"},
            {"cidr": "203.0.113.0/24"},
            {"cidr": "0.0.0.0/0", "except": ["198.0.0.0/8"]},
            {"cidr": "198.51.0.0/16", "except": ["198.51.100.0/24"]},
        ]
    )
    return st.one_of(
        st.fixed_dictionaries({"podSelector": pods}),
        st.fixed_dictionaries({"namespaceSelector": spaces}),
        st.fixed_dictionaries({"podSelector": pods, "namespaceSelector": spaces}),
        st.fixed_dictionaries({"ipBlock": block}),
    )


def _port() -> st.SearchStrategy[Object]:
    protocol = {"protocol": st.sampled_from(("TCP", "UDP"))}
    named = {"port": st.sampled_from(("web", "admin"))}
    plain = {"port": st.sampled_from(NUMBERS)}
    return st.one_of(
        st.fixed_dictionaries({}, optional=protocol),
        st.fixed_dictionaries({**named}, optional=protocol),
        st.fixed_dictionaries({**plain}, optional=protocol),
        st.fixed_dictionaries({"port": st.just(80), "endPort": st.sampled_from((80, 81, 82))}),
    )


def _rules(side: str) -> st.SearchStrategy[list[Object]]:
    one = st.fixed_dictionaries(
        {},
        optional={side: st.lists(_peer(), max_size=2), "ports": st.lists(_port(), max_size=2)},
    )
    return st.lists(one, max_size=2)


def _policy() -> st.SearchStrategy[Policy]:
    types = st.sampled_from(([], ["Ingress"], ["Egress"], ["Ingress", "Egress"]))
    spec = st.fixed_dictionaries(
        {"podSelector": _selector(_labels())},
        optional={"policyTypes": types, "ingress": _rules("from"), "egress": _rules("to")},
    )
    return st.builds(Policy, st.sampled_from(sorted(SPACES)), spec)


@st.composite
def _peers(draw: st.DrawFn) -> list[Peer]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        where = draw(st.sampled_from(sorted(SPACES)))
        ports = {"web": ("TCP", 80), "admin": draw(st.sampled_from([("TCP", 81), ("UDP", 81)]))}
        found.append(Peer(f"pod{number}", where, draw(_labels()), SPACES[where], ports))
    return [*found, INTERNET, NEIGHBOUR]


class Naive:
    """The same question answered by sets: everything that is let out, met with all let in."""

    def __init__(self, found: Sequence[Policy], peers: Sequence[Peer]) -> None:
        self.found, self.peers = found, peers

    def connections(self) -> set[tuple[str, str, int]]:
        everything = {
            (source.name, target.name, port)
            for source, target in product(self.peers, self.peers)
            for port in range(79, 84)
            if source.namespace or target.namespace
        }
        return everything & self._passed("egress", 0) & self._passed("ingress", 1)

    def _passed(self, direction: str, own: int) -> set[tuple[str, str, int]]:
        found = set()
        for triple in product(self.peers, self.peers, range(79, 84)):
            pair = (triple[0], triple[1])
            ours = [one for one in self.found if self._selected(one, pair[own], direction)]
            rules = [(one, rule) for one in ours for rule in one.spec.get(direction, [])]
            if not ours or any(
                pair[1 - own] in self._others(one, rule.get("from", rule.get("to")))
                and triple[2] in self._numbers(rule.get("ports"), pair[1])
                for one, rule in rules
            ):
                found.add((pair[0].name, pair[1].name, triple[2]))
        return found

    def _selected(self, one: Policy, peer: Peer, direction: str) -> bool:
        types = [name.lower() for name in one.spec.get("policyTypes") or ["Ingress"]]
        if not one.spec.get("policyTypes") and one.spec.get("egress"):
            types.append("egress")
        here = peer.namespace == one.namespace
        return here and direction in types and self._fits(one.spec["podSelector"], peer.labels)

    def _others(self, one: Policy, named: list[Object] | None) -> list[Peer]:
        if not named:
            return list(self.peers)
        return [peer for peer in self.peers for part in named if self._is(one, part, peer)]

    def _is(self, one: Policy, part: Object, peer: Peer) -> bool:
        if "ipBlock" in part:
            first, mask = part["ipBlock"]["cidr"].split("/")
            inside = _bits(peer.address)[: int(mask)] == _bits(first)[: int(mask)]
            for left in part["ipBlock"].get("except", []):
                first, mask = left.split("/")
                inside = inside and _bits(peer.address)[: int(mask)] != _bits(first)[: int(mask)]
            return inside
        if not peer.namespace:
            return False
        spaces = [one.namespace]
        if "namespaceSelector" in part:
            spaces = [
                n for n, held in SPACES.items() if self._fits(part["namespaceSelector"], held)
            ]
        return peer.namespace in spaces and self._fits(part.get("podSelector", {}), peer.labels)

    def _fits(self, selector: Object, labels: Any) -> bool:
        for key, value in selector.get("matchLabels", {}).items():
            if labels.get(key) != value:
                return False
        for one in selector.get("matchExpressions", []):
            there, value = one["key"] in labels, labels.get(one["key"])
            if one["operator"] == "Exists" and not there:
                return False
            if one["operator"] == "DoesNotExist" and there:
                return False
            if one["operator"] == "In" and value not in one["values"]:
                return False
            if one["operator"] == "NotIn" and value in one["values"]:
                return False
        return True

    def _numbers(self, ports: list[Object] | None, target: Peer) -> set[int]:
        if not ports:
            return set(range(79, 84))
        found: set[int] = set()
        for one in ports:
            if one.get("protocol", "TCP") == "TCP":
                if "port" not in one:
                    found |= set(range(79, 84))
                elif isinstance(one["port"], int):
                    found |= set(range(one["port"], one.get("endPort", one["port"]) + 1))
                elif target.ports.get(one["port"], ("", 0))[0] == "TCP":
                    found.add(target.ports[one["port"]][1])
        return found


def _bits(address: str) -> str:
    return "".join(f"{int(part):08b}" for part in address.split("."))


def _everywhere(found: Sequence[Policy], peers: Sequence[Peer]) -> set[tuple[str, str, int]]:
    """The analysis, asked for every port there is rather than those that are listened at."""
    return {
        (source.name, target.name, port)
        for source, target in product(peers, peers)
        for port in range(79, 84)
        if (source.inside or target.inside) and allowed(found, source, target, port)
    }


@settings(max_examples=300, deadline=None)
@given(st.lists(_policy(), max_size=4), _peers())
def test_both_analyses_agree(found: list[Policy], peers: list[Peer]) -> None:
    assert _everywhere(found, peers) == Naive(found, peers).connections()


@settings(max_examples=100, deadline=None)
@given(st.lists(_policy(), max_size=3), _policy(), _peers())
def test_where_all_is_denied_another_policy_only_opens(
    found: list[Policy], more: Policy, peers: list[Peer]
) -> None:
    deny = [Policy(one, {"policyTypes": ["Ingress", "Egress"]}) for one in SPACES]
    assert _everywhere([*deny, *found], peers) <= _everywhere([*deny, *found, more], peers)


@settings(max_examples=100, deadline=None)
@given(st.lists(_policy(), max_size=4), _peers(), st.randoms())
def test_the_order_of_policies_is_of_no_matter(
    found: list[Policy], peers: list[Peer], chance: Any
) -> None:
    mixed = list(found)
    chance.shuffle(mixed)
    assert _everywhere(found, peers) == _everywhere(mixed, peers)


def _flows() -> st.SearchStrategy[list[Flow]]:
    names = st.sampled_from(("a", "b", "c", "internet", "kube-system"))
    return st.lists(st.builds(Flow, names, names, st.sampled_from((80, 443, 5432))), max_size=6)


@settings(max_examples=100, deadline=None)
@given(_flows())
def test_the_policies_of_flows_let_through_exactly_these_flows(flows: list[Flow]) -> None:
    beside = (
        Outside("internet", addresses="203.0.113.0/24"),
        Outside("kube-system", "kube-system"),
    )
    known = {one.name for one in beside}
    flows = [flow for flow in flows if not {flow.source, flow.target} <= known]
    found = [Policy("ns", _spec(one)) for _, one in policies(flows, beside)]
    found.append(Policy("ns", {"policyTypes": ["Ingress", "Egress"]}))
    ports = {str(one): ("TCP", one) for one in (80, 443, 5432)}
    component = "app.kubernetes.io/component"
    peers = [Peer(name, "ns", {component: name}, ports=ports) for name in ("a", "b", "c")]
    answer = reachable(found, peers, (SYSTEM, INTERNET, STRANGER))
    assert answer == {(flow.source, flow.target, flow.port) for flow in flows}


def _spec(args: Any) -> Object:
    """What a policy's arguments become on the wire."""
    made = Program(
        lambda: kubernetes.networking.v1.NetworkPolicy("one", spec=args), "flows", "test", {}
    ).run()
    spec: Object = made.objects[0].inputs["spec"]
    return spec


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[tuple[str, str, int]]]:
    """The flows that the programs ask for, as they are written down."""
    found: set[tuple[str, str, int]] = set()

    def note(flow: Flow) -> None:
        def known(port: int) -> None:
            found.add((flow.source, flow.target, int(port)))

        pulumi.Output.from_input(flow.port).apply(known)

    def noting(flows: Any, beside: Any = ()) -> Any:
        table = list(flows)
        for flow in table:
            note(flow)
        return policies(table, beside)

    monkeypatch.setattr(site, "policies", noting)
    yield found


def connections(judged: World, others: Sequence[Peer] = OTHERS) -> set[tuple[str, str, int]]:
    return reachable(policies_of(judged), workloads(judged), others)


def names(judged: World) -> set[tuple[str, str, int]]:
    """Everyone may ask for names."""
    return {(one.name, SYSTEM.name, DNS) for one in workloads(judged)}


@pytest.mark.parametrize("size", SIZES)
def test_only_the_flows_that_are_written_down_are_let_through(
    family: Family, size: str, asked: set[tuple[str, str, int]]
) -> None:
    judged = world(family, size)
    there = {one.name for one in workloads(judged)}
    known = {one.name for one in OTHERS} | there
    wanted = {flow for flow in asked if {flow[0], flow[1]} <= known}
    assert connections(judged) == wanted | names(judged)


def test_a_challenger_reaches_what_the_champion_does(family: Family, tmp_path: Path) -> None:
    both = Family(tmp_path, family.name)
    release = copy(family.repository("platform"), both.repository("platform")) / "release"
    rules = release / ENVIRONMENT / "kustomization.yaml"
    text = rules.read_text("utf-8")
    assert "# - challenger" in text
    rules.write_text(text.replace("# - challenger", "- challenger"), "utf-8")
    judged = world(both, "medium", environment=ENVIRONMENT)
    found = connections(judged)

    def of(name: str) -> set[tuple[str, int]]:
        return {(target, port) for source, target, port in found if source == name}

    assert of("serving-challenger") == of("serving")
    assert ("model-registry", 5000) in of("serving-challenger")
    assert ("metrics", "serving-challenger", 3000) in found


def test_the_toy_lets_through_what_it_says() -> None:
    judged = toy.world()
    assert connections(judged) == {("store", "store", 8080)} | names(judged)


WIDE: list[tuple[Object, tuple[str, str, int]]] = [
    ({"podSelector": {}, "ingress": [{}]}, ("stranger", "store", 8080)),
    ({"podSelector": {}, "egress": [{}]}, ("front", "internet", 53)),
    ({"podSelector": {}, "egress": [{"ports": [{"port": 443}]}]}, ("front", "internet", 443)),
    (
        {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]},
        ("stranger", "front", ANY),
    ),
    (
        {
            "podSelector": {"matchExpressions": [{"key": "none", "operator": "DoesNotExist"}]},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
        },
        ("store", "internet", ANY),
    ),
    (
        {
            "podSelector": {},
            "egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 9, "endPort": 99}]}],
        },
        ("front", "stranger", 99),
    ),
]


@pytest.mark.parametrize(("spec", "connection"), WIDE)
def test_a_policy_that_is_too_wide_is_found(spec: Object, connection: tuple[str, str, int]) -> None:
    judged = toy.world()
    like = judged.of("NetworkPolicy")[0]
    planted = replace(like, inputs={**deepcopy(like.inputs), "spec": spec})
    before = connections(judged)
    wider = connections(replace(judged, objects=(*judged.objects, planted)))
    assert connection in wider - before


def test_without_the_policy_that_denies_everything_is_open() -> None:
    judged = toy.world()
    left = tuple(one for one in judged.objects if one.kind != "NetworkPolicy")
    assert ("stranger", "store", 8080) in connections(replace(judged, objects=left))
