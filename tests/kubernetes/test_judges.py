"""What the stacks register, judged by others: the API server, kubeconform, Pod Security itself.

Each judge is also shown something bad, which it must refuse.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import MockResourceArgs

import schemas
from account import TOLD, Cloud
from bed import build, pins
from bed.access import Access
from deployed import ENVIRONMENT, SIZES, Part, world
from emitted import Pod, World
from monitor import Monitor
from registration import Object
from rendering import Family, alone, example
from workloads import pod as good_pod
from workloads import ray_cluster


@pytest.fixture(scope="session", params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def applied(size: str, api: Access, family: Family) -> Iterator[World]:
    """Everything in one size, applied to the API server as it is registered."""
    judged = world(family, size, cloud=lambda stacks: Monitor(api.kubectl, stacks))
    name = f"{family.name}-{judged.environment}"
    api.kubectl("wait", f"--namespace={name}", "--for=create", "sa/default", "--timeout=30s")
    yield judged
    # The next size starts from nothing: what a set of pods claims cannot be changed.
    api.kubectl("delete", "namespace", name, "--timeout=110s")


class Account(Monitor):
    """A cluster in an account: the account takes notes, the cluster is real."""

    def made(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return Cloud().made(args) if args.typ.startswith("aws:") else super().made(args)


@pytest.fixture
def rented(api: Access, family: Family) -> Iterator[World]:
    """What the foundation in an account makes in its cluster, and the platform on top of it."""
    told = {key: TOLD[key] for key in ("account", "region", "images")}
    parts = (
        Part("foundation", {"target": "aws", "context": None, **told}),
        Part("platform", {"target": "aws", "context": None}),
    )
    judged = world(family, "small", parts=parts, cloud=lambda stacks: Account(api.kubectl, stacks))
    yield judged
    api.kubectl("delete", "namespace", f"{family.name}-{judged.environment}", "--timeout=110s")
    classes = [one.inputs["metadata"]["name"] for one in judged.of("StorageClass")]
    api.kubectl("delete", "storageclass", *classes)


@pytest.fixture(scope="session")
def judges() -> Path:
    """The folder with the judges' programs."""
    build.provide([pins.JUDGES])
    return pins.JUDGES.place


def podsecurity(judges: Path, pods: Iterable[Object]) -> dict[str, Object]:
    """What Kubernetes' own evaluator says, by the pods' names."""
    given = "\n".join(map(json.dumps, pods))
    done = subprocess.run(
        [judges / "podsecurity"], input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}


def violations(judges: Path, judged: World) -> dict[str, Object]:
    """Of each pod that is not restricted what the evaluator says."""
    asked = [
        {"name": f"{number} {one}", "metadata": {"labels": one.labels}, "spec": one.spec}
        for number, one in enumerate(judged.pods)
    ]
    answers = podsecurity(judges, asked)
    assert len(answers) == len(asked)
    return {
        name: one
        for name, one in answers.items()
        if one["violations"] or one["level"] != "restricted"
    }


def kubeconform(judges: Path, api: Access, objects: Iterable[Object], at: Path) -> list[str]:
    """What is wrong with the objects, by their schemas."""
    objects = list(objects)
    wanted = [(one["apiVersion"], one["kind"]) for one in objects]
    location = schemas.write(api.kubectl, wanted, at)
    command = [str(judges / "kubeconform"), "-strict", "-output=json"]
    command += ["-schema-location", location, "-"]
    given = "\n---\n".join(map(json.dumps, objects))
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)["resources"] or []
    wrong = [f"{one['kind']} {one['name']}: {one['status']} {one['msg']}" for one in found]
    assert bool(wrong) == bool(done.returncode), done.stderr
    return wrong


def as_pod(pod: Pod, number: int) -> Object:
    """The pod that a controller would make of a template."""
    spec = deepcopy(dict(pod.spec))
    claims = pod.owner.inputs.get("spec", {}).get("volumeClaimTemplates", [])
    names = [one["metadata"]["name"] for one in claims]
    more = [{"name": one, "persistentVolumeClaim": {"claimName": one}} for one in names]
    spec["volumes"] = [*spec.get("volumes", []), *more]
    head = {"name": f"judged-{number}", "namespace": pod.namespace, "labels": dict(pod.labels)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": spec}


def tried(api: Access, *objects: Object) -> "subprocess.CompletedProcess[str]":
    """Have the API server admit objects without keeping them."""
    given = "\n---\n".join(map(json.dumps, objects))
    words = ("apply", "--server-side", "--dry-run=server", "--filename=-")
    return api.kubectl.try_(*words, given=given)


def stated(monitor: Monitor) -> dict[tuple[str, str], str]:
    """What is stated of each object; its controllers go on writing its state beside that."""
    found = {}
    for one in monitor.live:
        head = {key: value for key, value in one["metadata"].items() if key != "resourceVersion"}
        kept = {**one, "metadata": head, "status": None}
        found[(one["kind"], head["name"])] = json.dumps(kept, sort_keys=True)
    return found


# The first: it has the namespace for itself.
def test_what_a_rented_cluster_gets_is_accepted_and_keeps_to_its_schema(
    judges: Path, api: Access, rented: World, tmp_path: Path
) -> None:
    objects = [one.inputs for one in rented.objects]
    assert {"StorageClass", "Job", "PersistentVolumeClaim"} <= {one["kind"] for one in objects}
    assert kubeconform(judges, api, objects, tmp_path) == []
    pods = [as_pod(one, number) for number, one in enumerate(rented.pods)]
    done = tried(api, *pods)
    assert done.returncode == 0, done.stderr
    assert violations(judges, rented) == {}


def test_all_objects_are_accepted_and_are_the_same_the_second_time(
    api: Access, family: Family, size: str, applied: World
) -> None:
    runs = []
    for _ in range(2):
        made: list[Monitor] = []

        def cloud(stacks: Any, made: list[Monitor] = made) -> Monitor:
            made.append(Monitor(api.kubectl, stacks))
            return made[-1]

        world(family, size, cloud=cloud)
        runs.append([stated(one) for one in made])
    assert runs[0] == runs[1]


def test_every_pod_is_admitted_where_restricted_is_enforced(api: Access, applied: World) -> None:
    for number, one in enumerate(applied.pods):
        done = tried(api, as_pod(one, number))
        assert done.returncode == 0, f"{one}: {done.stderr}"
    space = applied.of("Namespace")[0].inputs["metadata"]["name"]
    bad = deepcopy(dict(good_pod("bad", "true", space)))
    bad["spec"]["hostNetwork"] = True
    done = tried(api, bad)
    assert done.returncode and 'violates PodSecurity "restricted' in done.stderr


def test_every_pod_is_restricted_by_kubernetes_own_evaluator(judges: Path, applied: World) -> None:
    assert violations(judges, applied) == {}


def test_pods_whose_user_the_cluster_assigns_are_restricted_as_well(
    judges: Path, tmp_path: Path
) -> None:
    spec = example()
    spec["environments"][ENVIRONMENT] |= {"image_pull_secret": "registry", "assigned_uids": True}
    family = Family(tmp_path, "flight-delays")
    alone(spec, "platform", family.repository("platform"))
    judged = world(family, "small")
    assert all("runAsUser" not in one.spec["securityContext"] for one in judged.pods)
    assert violations(judges, judged) == {}


def test_what_workflows_make_is_accepted(
    judges: Path, api: Access, applied: World, tmp_path: Path
) -> None:
    made = [one for _, one in applied.handed_in]
    assert [one["kind"] for one in made] == ["RayJob"]
    done = tried(api, *made)
    assert done.returncode == 0, done.stderr
    assert kubeconform(judges, api, made, tmp_path) == []
    made[0]["spec"]["clusterSelector"] = "training"
    assert tried(api, *made).returncode
    assert kubeconform(judges, api, made, tmp_path)


def test_every_object_keeps_to_its_schema(
    judges: Path, api: Access, applied: World, tmp_path: Path
) -> None:
    objects = [one.inputs for one in applied.objects]
    assert objects
    assert kubeconform(judges, api, objects, tmp_path) == []


BAD_PODS: list[tuple[Object, str, str]] = [
    ({}, "restricted", ""),
    ({"hostNetwork": True}, "privileged", "host namespaces"),
    (
        {"volumes": [{"name": "x", "hostPath": {"path": "/"}}]},
        "privileged",
        "restricted volume types",
    ),
    ({"securityContext": {"runAsUser": 0}}, "baseline", "runAsUser=0"),
    ({"securityContext": {}}, "baseline", "seccompProfile"),
]


@pytest.mark.parametrize(("change", "level", "words"), BAD_PODS)
def test_the_evaluator_finds_what_is_planted(
    judges: Path, change: Object, level: str, words: str
) -> None:
    spec = {**good_pod("one", "true", "any")["spec"], **change}
    (answer,) = podsecurity(judges, [{"name": "one", "metadata": {}, "spec": spec}]).values()
    assert answer["level"] == level
    assert words in " ".join(answer["violations"])
    assert bool(answer["violations"]) == bool(words)


def workflow(**more: Any) -> Object:
    container = {"image": "registry.example/steps:1", "command": ["true"]}
    template = {"name": "main", "container": container, **more}
    head = {"name": "steps", "namespace": "any"}
    spec = {"entrypoint": "main", "templates": [template]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": head,
        "spec": spec,
    }


def _objects() -> Iterator[tuple[Object, str]]:
    """Objects, and what kubeconform must say about each."""
    yield dict(good_pod("one", "true", "any")), ""
    yield dict(ray_cluster("ray", "any")), ""
    yield workflow(), ""
    for change, words in (
        ({"replicas": "two"}, "replicas"),
        ({"replica": 2}, "replica"),
        ({"template": {"spec": {"containers": [{"name": "a", "imagePullPolice": "x"}]}}}, "Police"),
    ):
        labels = {"matchLabels": {"a": "b"}}
        spec = {"selector": labels, "template": {"spec": {"containers": [{"name": "a"}]}}, **change}
        yield {**_head("apps/v1", "Deployment"), "spec": spec}, words
    for kind in (ray_cluster("ray", "any"), workflow(retryStrategie={})):
        bad = deepcopy(dict(kind))
        bad["spec"]["planted"] = True
        yield bad, "planted"
    yield workflow(retryStrategie={}), "retryStrategie"
    yield _head("nobody.example/v1", "Unknown"), "could not find schema"


def _head(version: str, kind: str) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "one", "namespace": "any"}}


@pytest.mark.parametrize(("one", "words"), list(_objects()))
def test_a_schema_finds_what_is_planted(
    judges: Path, api: Access, one: Object, words: str, tmp_path: Path
) -> None:
    wrong = kubeconform(judges, api, [one], tmp_path)
    assert words in " ".join(wrong)
    assert bool(wrong) == bool(words)
