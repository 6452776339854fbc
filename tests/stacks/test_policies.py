"""Every rule holds for all that is registered, and is broken by what it forbids."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

import toy
from deployed import PROGRAMS, SIZES, world
from emitted import World
from policies import EXCEPTIONS, RULES, broken, told
from quotas import amount
from registration import Object, Registered
from rendering import Family


@pytest.fixture(scope="module")
def good() -> World:
    return toy.world()


def main(spec: Object) -> Any:
    return spec["spec"]["template"]["spec"]["containers"][0]


def podspec(spec: Object) -> Any:
    return spec["spec"]["template"]["spec"]


def put(where: Callable[[Object], Any], **values: Any) -> Callable[[Object], None]:
    """Change values; None takes them away."""

    def change(spec: Object) -> None:
        there = where(spec)
        for key, value in values.items():
            there.pop(key, None)
            if value is not None:
                there[key] = value

    return change


def secured(**values: Any) -> Callable[[Object], None]:
    return put(lambda spec: main(spec)["securityContext"], **values)


def itself(spec: Object) -> Any:
    return spec["spec"]


def labels(spec: Object) -> Any:
    return spec["metadata"]["labels"]


def volume(**source: Any) -> Callable[[Object], None]:
    return put(podspec, volumes=[{"name": "tmp", **source}])


def rule(**values: Any) -> Callable[[Object], None]:
    return lambda spec: spec["rules"][0].update(values)


TOKENS = "no pod gets a token of the api"
TOKEN = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
FROM_KEYS = {"secretKeyRef": {"name": "keys", "key": "none"}}
BROKEN: list[tuple[str, str, Callable[[Object], None]]] = [
    ("images have a tag that stays", "Deployment", put(main, image="nginx")),
    ("images have a tag that stays", "Deployment", put(main, image="host:5000/nginx:latest")),
    ("images have a tag that stays", "StatefulSet", put(main, image="host:5000/nginx")),
    ("every container has requests and limits", "Deployment", put(main, resources=None)),
    (
        "every container has requests and limits",
        "Deployment",
        lambda spec: main(spec)["resources"]["limits"].pop("memory"),
    ),
    ("no pod has privileges", "Deployment", volume(hostPath={"path": "/"})),
    ("no pod has privileges", "Deployment", put(podspec, hostNetwork=True)),
    ("no pod has privileges", "Deployment", put(podspec, hostPID=True)),
    ("no pod has privileges", "Deployment", put(podspec, securityContext=None)),
    ("no pod has privileges", "Deployment", secured(privileged=True)),
    ("no pod has privileges", "Deployment", secured(allowPrivilegeEscalation=None)),
    ("no pod has privileges", "Deployment", secured(runAsUser=0)),
    ("no pod has privileges", "Deployment", secured(runAsNonRoot=False)),
    ("no pod has privileges", "Deployment", secured(capabilities=None)),
    (
        "no pod has privileges",
        "Deployment",
        secured(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    ),
    ("no pod has privileges", "Deployment", secured(seccompProfile={"type": "Unconfined"})),
    (
        "no pod has privileges",
        "Deployment",
        lambda spec: main(spec)["ports"][0].update(hostPort=80),
    ),
    ("no container writes into its image", "Deployment", secured(readOnlyRootFilesystem=None)),
    ("what runs for ever is probed", "Deployment", put(main, livenessProbe=None)),
    ("what runs for ever is probed", "StatefulSet", put(main, readinessProbe=None)),
    ("everything says whose it is", "ConfigMap", put(labels, environment=None)),
    ("everything says whose it is", "Service", put(labels, environment="prod")),
    ("everything says whose it is", "Namespace", lambda spec: spec["metadata"].pop("annotations")),
    (
        "everything says whose it is",
        "Deployment",
        lambda spec: labels(spec["spec"]["template"]).pop("app.kubernetes.io/part-of"),
    ),
    (
        "everything is in a namespace of the product",
        "ConfigMap",
        lambda spec: spec["metadata"].update(namespace="default"),
    ),
    ("secrets stay in secrets", "ConfigMap", put(lambda spec: spec["data"], word=toy.PASSWORD)),
    ("secrets stay in secrets", "Deployment", put(main, args=[f"--password={toy.PASSWORD}"])),
    (
        "secrets stay in secrets",
        "Deployment",
        put(main, env=[{"name": "DB", "value": "postgresql://me:word@database/db"}]),
    ),
    (
        TOKENS,
        "Deployment",
        put(podspec, automountServiceAccountToken=None),
    ),
    (TOKENS, "Deployment", volume(**TOKEN)),
    (
        TOKENS,
        "ServiceAccount",
        lambda spec: spec.update(automountServiceAccountToken=True),
    ),
    ("nobody gets rights over the cluster", "ClusterRoleBinding", lambda spec: None),
    ("nobody gets rights over the cluster", "Role", rule(verbs=["*"])),
    ("nobody gets rights over the cluster", "Role", rule(resources=["secrets"])),
    (
        "what has replicas is not taken away at once",
        "PodDisruptionBudget",
        lambda spec: spec["spec"].update(selector={"matchLabels": {"a": "b"}}),
    ),
    (
        "what has replicas is not taken away at once",
        "PodDisruptionBudget",
        put(itself, maxUnavailable=0),
    ),
    ("what has replicas is not taken away at once", "StatefulSet", put(itself, replicas=3)),
    (
        "every pod is behind a policy both ways",
        "NetworkPolicy deny-by-default",
        put(itself, podSelector={"matchLabels": {"a": "b"}}),
    ),
    ("every service leads to a workload", "Service", put(itself, selector={"a": "b"})),
    ("every service leads to a workload", "Service", put(itself, selector=None)),
    (
        "every service leads to a workload",
        "Service",
        lambda spec: spec["spec"]["ports"][0].update(targetPort=8081),
    ),
    ("nothing is open to the outside", "Service", put(itself, type="LoadBalancer")),
    ("nothing is open to the outside", "Service", put(itself, type="NodePort")),
    ("nothing is open to the outside", "Service", put(itself, externalIPs=["203.0.113.1"])),
    ("what a pod names exists", "Deployment", volume(configMap={"name": "missing"})),
    ("what a pod names exists", "Deployment", volume(secret={"secretName": "missing"})),
    (
        "what a pod names exists",
        "Deployment",
        volume(persistentVolumeClaim={"claimName": "missing"}),
    ),
    (
        "what a pod names exists",
        "Deployment",
        put(main, env=[{"name": "PASSWORD", "valueFrom": FROM_KEYS}]),
    ),
    (
        "what a pod names exists",
        "Deployment",
        put(main, envFrom=[{"configMapRef": {"name": "missing"}}]),
    ),
    ("what a pod names exists", "Deployment", put(podspec, serviceAccountName="robot")),
    ("every volume that is mounted is there", "Deployment", put(podspec, volumes=None)),
    ("everything fits the quota", "Deployment", put(itself, replicas=100)),
    (
        "everything fits the quota",
        "Deployment",
        lambda spec: main(spec)["resources"]["limits"].update(memory="5Gi"),
    ),
    (
        "everything fits the quota",
        "PersistentVolumeClaim",
        lambda spec: spec["spec"]["resources"]["requests"].update(storage="1Ti"),
    ),
]
# What the toy has none of.
EXTRA: dict[str, Object] = {
    "ServiceAccount": {"automountServiceAccountToken": False},
    "ClusterRoleBinding": {},
    "Role": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
}


def changed(good: World, kind: str, change: Callable[[Object], None]) -> World:
    """The good world with one object spoilt."""
    if kind in EXTRA:
        like = good.of("ConfigMap")[0]
        head = {"kind": kind, "metadata": like.inputs["metadata"]}
        one = replace(like, type=f"kubernetes:x:{kind}", inputs={**head, **deepcopy(EXTRA[kind])})
        good = replace(good, objects=(*good.objects, one))
    one = next(one for one in good.objects if str(one).startswith(kind))
    spoilt = replace(one, inputs=deepcopy(one.inputs))
    change(spoilt.inputs)
    return swapped(good, one, spoilt)


def swapped(world: World, old: Registered, new: Registered) -> World:
    objects = tuple(new if one is old else one for one in world.objects)
    return replace(world, objects=objects)


def test_the_pieces_that_everything_is_built_of_break_no_rule(good: World) -> None:
    assert not broken(good), told(broken(good))
    assert len(good.pods) == 2


@pytest.mark.parametrize(("name", "kind", "change"), BROKEN)
def test_what_a_rule_forbids_is_found(
    good: World, name: str, kind: str, change: Callable[[Object], None]
) -> None:
    found = broken(changed(good, kind, change))
    assert name in found, f"not found; but {told(found)}"


@pytest.mark.parametrize("kind", ["Namespace", "PersistentVolumeClaim", "StatefulSet"])
def test_data_without_protection_are_found(good: World, kind: str) -> None:
    one = good.of(kind)[0]
    found = broken(swapped(good, one, replace(one, protect=False)))
    assert list(found) == ["data are protected exactly when asked for"]
    assert broken(replace(good, protect=False))


def test_a_secret_that_is_not_marked_is_found(good: World) -> None:
    (one,) = good.of("Secret")
    found = broken(swapped(good, one, replace(one, hidden=frozenset())))
    assert list(found) == ["secrets stay in secrets"]
    (words,) = (one for one in good.of("ConfigMap") if "greeting" in one.inputs["data"])
    marked = replace(words, hidden=frozenset({("data", "greeting")}))
    assert list(broken(swapped(good, words, marked))) == ["secrets stay in secrets"]
    assert list(broken(replace(good, outputs={"url": f"x{toy.PASSWORD}"}))) == [
        "secrets stay in secrets"
    ]


def test_an_object_of_whatever_cluster_is_current_is_found(good: World) -> None:
    one = good.objects[0]
    found = broken(swapped(good, one, replace(one, provider="")))
    assert list(found) == ["everything is in a namespace of the product"]


def test_every_rule_is_shown_to_be_broken() -> None:
    shown = {name for name, _, _ in BROKEN} | {"data are protected exactly when asked for"}
    assert shown == set(RULES)


def test_every_exception_has_a_rule_and_a_reason() -> None:
    for (name, start), reason in EXCEPTIONS.items():
        assert name in RULES
        assert start
        assert len(reason) > 20


def test_amounts_are_those_of_kubernetes() -> None:
    assert amount("100m") * 10 == amount("1") == 1
    assert amount("1Gi") == 1024 * amount("1Mi") == 1024**3
    assert amount("1.5Ki") == 1536


@pytest.mark.parametrize("protect", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_no_rule_is_broken(family: Family, size: str, protect: bool) -> None:
    found = broken(world(family, size, protect=protect))
    assert not found, told(found)


def test_every_program_of_the_repository_is_judged(family: Family) -> None:
    there = {path.parent.name for path in family.repository("platform").glob("*/Pulumi.yaml")}
    assert there == {part.folder for part in PROGRAMS}
