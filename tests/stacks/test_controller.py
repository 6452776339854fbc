"""The delivery controller's own pods: who reaches them, with the policies that we make for it."""

from dataclasses import replace

import pytest

from deployed import delivered
from emitted import World, head, namespace
from reach import ANY, NAMESPACE, Peer, Policy, reachable, space
from rendering import delivering_family

STATED = {"cicd:repository": "https://git.example.org/flights/platform.git"}
HERE = "argocd"
# Each workload with what it listens at, as its manifests say.
LISTENS = {
    "application-controller": (8082,),
    "applicationset-controller": (7000, 8080),
    "commit-server": (8086, 8087),
    "dex-server": (5556, 5557, 5558),
    "notifications-controller": (9001,),
    "redis": (6379,),
    "repo-server": (8081, 8084),
    "server": (8080, 8083),
}
# Who calls whom; of what is not named here no pod has anything to ask.
CALLS = {
    ("application-controller", "commit-server", 8086),
    ("application-controller", "redis", 6379),
    ("application-controller", "repo-server", 8081),
    ("applicationset-controller", "repo-server", 8081),
    ("notifications-controller", "repo-server", 8081),
    ("repo-server", "redis", 6379),
    ("server", "dex-server", 5556),
    ("server", "dex-server", 5557),
    ("server", "redis", 6379),
    ("server", "repo-server", 8081),
}
# Metrics, and what a gateway hands on: to everybody in the cluster.
SHARED = {
    ("application-controller", 8082),
    ("applicationset-controller", 7000),
    ("applicationset-controller", 8080),
    ("commit-server", 8087),
    ("dex-server", 5558),
    ("notifications-controller", 9001),
    ("repo-server", 8084),
}
STRANGER = space("stranger")


@pytest.fixture(scope="module")
def judged() -> World:
    return delivered(delivering_family("argo-cd"), "argo-cd", STATED)


def rules(judged: World) -> list[Policy]:
    found = [one for one in judged.of("NetworkPolicy") if namespace(one) == HERE]
    return [Policy(HERE, one.inputs["spec"]) for one in found]


def pods(place: str = HERE) -> list[Peer]:
    return [
        Peer(
            name,
            place,
            {"app.kubernetes.io/name": f"argocd-{name}"},
            {NAMESPACE: place},
            {str(port): ("TCP", port) for port in ports},
        )
        for name, ports in LISTENS.items()
    ]


def test_the_controllers_pods_are_reached_by_who_has_to_ask_them(judged: World) -> None:
    found = reachable(rules(judged), pods(), [STRANGER])
    everybody = [*LISTENS, STRANGER.name]
    shared = {(one, name, port) for one in everybody for name, port in SHARED}
    open_ = {(one, "server", port) for one in everybody for port in (*LISTENS["server"], ANY)}
    inside = {one for one in found if one[1] != STRANGER.name}  # what they ask is not restrained
    assert inside == CALLS | shared | open_


def test_a_pod_of_another_namespace_is_not_taken_for_one_of_them(judged: World) -> None:
    """It may have their labels; it still has nothing to ask but what everybody may."""
    lookalikes = [replace(one, name=f"other {one.name}") for one in pods("stranger")]
    found = reachable(rules(judged), pods(), lookalikes)
    asked = {(name, port) for one, name, port in found if one.startswith("other ")}
    asked -= {one for one in asked if one[0].startswith("other ")}
    assert asked == SHARED | {("server", port) for port in (*LISTENS["server"], ANY)}


def test_the_policies_are_everybodys_and_outlive_an_environment(judged: World) -> None:
    made = [one for one in judged.of("NetworkPolicy") if namespace(one) == HERE]
    assert [one for one in made if not one.retain] == []
    # A label of an environment would be taken away by the next one's program, and back.
    ours = {one for made_ in made for one in head(made_)["labels"]}
    assert ours == {f"app.kubernetes.io/{one}" for one in ("name", "part-of", "component")}
    assert not any(judged.environment in str(one.inputs) for one in made)


def test_who_has_others_refuses_them() -> None:
    refused = delivered(
        delivering_family("argo-cd"), "argo-cd", {**STATED, "cicd:network_policies": "false"}
    )
    assert rules(refused) == []


def test_they_stand_where_the_controller_does() -> None:
    moved = delivered(
        delivering_family("argo-cd"), "argo-cd", {**STATED, "cicd:controller": "delivery"}
    )
    assert rules(moved) == []
    assert [namespace(one) for one in moved.of("NetworkPolicy")].count("delivery") == len(LISTENS)
