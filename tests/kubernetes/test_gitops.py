"""Delivery by the real controller: a commit is rolled out, what is changed by hand is mended.

No node is here: Kubernetes' own controllers make the pods, and a stand-in says that they run.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import gitops
import pytest
import yaml

from ninefold_stacks.platform.release import FILE

from bed import pins
from bed.access import Access
from deployed import PROGRAMS, Part, delivered, world
from monitor import Monitor
from place import Place, until
from rendering import Family, call, copy, delivering_family, example, ninefold
from standin import kubelet

HERE, OTHER = "staging", "prod"
SERVING, LOOP = PARTS = ("serving", "pipeline")
BROKEN = "flight-delays-serving@sha256:" + "b" * 64
SERVICE = "deployment/serving"
SMUGGLED = "smuggled"


@dataclass(frozen=True)
class Environment(Place):
    """An environment, as the controller keeps it."""

    checkout: gitops.Checkout

    @property
    def tree(self) -> Path:
        """Its folder in somebody's copy of the platform repository."""
        return self.checkout.folder / "release" / self.name.removeprefix("flight-delays-")

    def release(self, **image: str) -> str:
        """Commit another image of the service to the environment's tree."""
        path = self.tree / "common" / FILE
        rules = yaml.safe_load(path.read_text("utf-8"))
        (known,) = (one for one in rules["images"] if one["name"].endswith("-serving"))
        known.pop("newTag", None)
        known.update(image)
        path.write_text(yaml.safe_dump(rules, sort_keys=False), "utf-8")
        return self.checkout.push("Release another image")

    def write(self, folder: Path, name: str, *documents: Any) -> None:
        """Add a file of objects to a folder of the tree, and name it there."""
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(yaml.safe_dump_all(documents), "utf-8")
        path = folder / FILE
        rules = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
        rules.setdefault("resources", []).append(name)
        path.write_text(yaml.safe_dump(rules, sort_keys=False), "utf-8")

    def root(self) -> Any:
        """What the controller says of the application that makes the others."""
        return self._status(self.name, gitops.NAMESPACE)

    def status(self, part: str = SERVING) -> Any:
        """What the controller says of a part."""
        return self._status(part, self.name)

    def _status(self, name: str, namespace: str) -> Any:
        found = ("get", "application", name, f"--namespace={namespace}", "-ojson")
        said = self.access.kubectl.try_(*found)
        return {} if said.returncode else json.loads(said.stdout).get("status", {})

    def synced(self, commit: str, *parts: str) -> bool:
        """The root and these parts, or all of them, are as the commit says."""
        said = [self.root(), *map(self.status, parts or PARTS)]
        return all(is_synced(one, commit) for one in said)

    def problem(self, name: str) -> str:
        """Why the controller refuses an application of the environment's namespace."""
        said = self.status(name).get("conditions", [])
        return " ".join(one["message"] for one in said if one["type"].endswith("Error"))

    def health(self) -> str:
        """The service's, as the controller sees it."""
        parts = self.status().get("resources", [])
        found = [one for one in parts if (one["kind"], one["name"]) == ("Deployment", "serving")]
        return str(found[0].get("health", {}).get("status", "")) if found else ""

    def has(self, what: str) -> bool:
        asked = ("get", what, f"--namespace={self.name}")
        return not self.access.kubectl.try_(*asked).returncode

    def image(self) -> str:
        (container,) = self.found(SERVICE)["spec"]["template"]["spec"]["containers"]
        return str(container["image"])

    def serving(self) -> set[str]:
        """The images of the pods that are ready."""
        pods = self.found("pods", "--selector=app.kubernetes.io/component=serving")["items"]
        return {
            one["spec"]["containers"][0]["image"]
            for one in pods
            for said in one["status"].get("conditions", [])
            if (said["type"], said["status"]) == ("Ready", "True")
        }


def is_synced(status: Any, commit: str) -> bool:
    said = status.get("sync", {})
    return (said.get("status"), said.get("revision")) == ("Synced", commit)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Family:
    """The flight example with two environments in a cluster, which the controller delivers."""
    folder = tmp_path_factory.mktemp("delivered")
    spec = example()
    spec["technologies"]["cicd"]["delivery"] = {"kubernetes": "argo-cd"}
    spec["environments"][OTHER] = dict(spec["environments"][HERE])
    (folder / "product.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    ninefold("new", folder / "product.yaml", "--into", folder / "family", "--only", "platform")
    return Family(folder / "family", "flight-delays")


@pytest.fixture(scope="module")
def checkout(repository: Family, tmp_path_factory: pytest.TempPathFactory) -> gitops.Checkout:
    """Somebody's copy of the platform repository, beside the bare one that is fetched from."""
    folder = tmp_path_factory.mktemp("git")
    bare = folder / "platform.git"
    call("git", "init", "--quiet", "--bare", "--initial-branch=main", bare, at=folder)
    one = gitops.Checkout(copy(repository.repository("platform"), folder / "platform"))
    for environment in (HERE, OTHER):
        path = one.folder / "release" / environment / "serving" / "serving.yaml"
        parts = list(yaml.safe_load_all(path.read_text("utf-8")))
        parts[0]["spec"]["progressDeadlineSeconds"] = 5  # a failure is seen soon
        path.write_text(yaml.safe_dump_all(parts, sort_keys=False), "utf-8")
    one.git("init", "--quiet", "--initial-branch=main")
    one.git("remote", "add", "origin", str(bare))
    one.push("Begin")
    return one


@pytest.fixture(scope="module")
def environments(
    api: Access,
    repository: Family,
    checkout: gitops.Checkout,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Environment, Environment]]:
    """Both, made by the programs and kept by the controller."""
    if not api.state:
        pytest.skip("optional: the controller runs beside clusters of our own")
    folder = tmp_path_factory.mktemp("controller")
    with ExitStack() as running:
        bare = Path(checkout.git("remote", "get-url", "origin"))
        address = running.enter_context(gitops.served(bare, api))
        gitops.define(api, pins.DELIVERY_KINDS)
        api.kubectl.apply(*gitops.settings())
        for environment in (HERE, OTHER):
            name = f"flight-delays-{environment}"
            running.enter_context(kubelet(api.kubectl, name, broken=(BROKEN,)))
            world(
                repository,
                "small",
                environment=environment,
                cloud=lambda stacks: Monitor(api.kubectl, stacks),
                parts=(PROGRAMS[0], Part("platform", {"cicd:repository": address})),
            )
        names = [f"flight-delays-{one}" for one in (HERE, OTHER)]
        running.enter_context(gitops.controller(api, folder, names))
        both = (
            Environment(api, f"flight-delays-{HERE}", checkout),
            Environment(api, f"flight-delays-{OTHER}", checkout),
        )
        commit = checkout.git("rev-parse", "HEAD")
        until(lambda: all(one.synced(commit) for one in both), 120)
        until(lambda: all(one.health() == "Healthy" for one in both), 60)
        yield both
    # Who would end the applications has gone; with them, a namespace would stay for ever.
    for one in both:
        for name in one.ask("get", "applications", "--output=name").split():
            one.ask("patch", name, "--type=merge", '--patch={"metadata": {"finalizers": null}}')
        api.kubectl("delete", "namespace", one.name, "--timeout=110s")


@pytest.fixture
def here(environments: tuple[Environment, Environment]) -> Iterator[Environment]:
    """The environment that is changed; the other stays as it is."""
    one, other = environments
    before = other.found(SERVICE)["metadata"]["generation"]
    yield one
    assert other.found(SERVICE)["metadata"]["generation"] == before
    assert other.health() == "Healthy"


def test_a_commit_is_rolled_out(here: Environment) -> None:
    wanted = "sha256:" + "a" * 64
    commit = here.release(digest=wanted)
    until(lambda: here.synced(commit), 60)
    assert here.image() == f"flight-delays-serving@{wanted}"
    until(lambda: here.serving() == {here.image()})
    until(lambda: here.health() == "Healthy")


def test_what_is_changed_by_hand_is_mended(here: Environment) -> None:
    before = here.image()
    here.ask("set", "image", SERVICE, "serving=busybox:1.36")
    until(lambda: here.image() == before)
    here.ask("delete", "service", "serving")
    until(lambda: here.has("service/serving"))
    # The applications are kept as the tree says, too.
    patch = '{"spec": {"syncPolicy": {"automated": {"selfHeal": false}}}}'
    here.ask("patch", "application", SERVING, "--type=merge", f"--patch={patch}")
    until(lambda: here.found("application", SERVING)["spec"]["syncPolicy"]["automated"]["selfHeal"])


def test_a_broken_image_leaves_the_old_one_serving_until_it_is_reverted(here: Environment) -> None:
    before = here.image()
    commit = here.release(digest=BROKEN.partition("@")[2])
    until(lambda: here.synced(commit), 60)
    until(lambda: here.health() == "Degraded", 90)
    assert here.image() == BROKEN
    assert here.serving() == {before}
    # Each part says of itself how it is.
    assert here.status()["health"]["status"] == "Degraded"
    assert here.status(LOOP)["health"]["status"] == "Healthy"
    commit = here.checkout.revert()
    until(lambda: here.synced(commit), 60)
    until(lambda: here.health() == "Healthy")
    assert here.serving() == {before}


def test_a_broken_workflow_does_not_hold_up_the_service(here: Environment) -> None:
    """Its file is no YAML: nothing can be made of the workflows, and the old ones stay."""
    path = here.checkout.folder / "release" / LOOP / "pipeline.yaml"
    whole, before = path.read_text("utf-8"), here.found("workflowtemplate", "pipeline")
    path.write_text(f"{whole}\n  - : [", "utf-8")
    wanted = "sha256:" + "c" * 64
    commit = here.release(digest=wanted)
    until(lambda: here.synced(commit, SERVING), 60)
    assert here.image() == f"flight-delays-serving@{wanted}"
    until(lambda: here.serving() == {here.image()})
    until(lambda: "pipeline.yaml" in here.problem(LOOP))
    assert here.found("workflowtemplate", "pipeline")["spec"] == before["spec"]
    path.write_text(whole, "utf-8")
    commit = here.checkout.push("Mend the workflow")
    until(lambda: here.synced(commit), 60)


def test_a_challenger_comes_and_goes_by_its_own_application(here: Environment) -> None:
    path = here.tree / "applications" / FILE
    path.write_text(path.read_text("utf-8").replace("# - challenger", "- challenger"), "utf-8")
    commit = here.checkout.push("Try a challenger")
    until(lambda: here.synced(commit, SERVING, LOOP, "challenger"), 90)
    assert here.has("deployment/serving-challenger")
    commit = here.checkout.revert()
    until(lambda: here.synced(commit), 60)
    until(lambda: not here.has("deployment/serving-challenger"))
    until(lambda: not here.has("application/challenger"))
    assert here.has(SERVICE)


def test_outside_of_its_window_an_environment_changes_by_hand_only(here: Environment) -> None:
    # Half a day away; the controller's clock is ours.
    begins = (datetime.now(UTC).hour + 12) % 24
    family = delivering_family("argo-cd")
    stated = {"cicd:repository": "https://git.example.org/flights/platform.git"}
    stated |= {"cicd:window": f"0 {begins} * * *", "cicd:window_hours": "1"}
    (project,) = delivered(family, "argo-cd", stated).of("AppProject")
    windows(here, project.inputs["spec"]["syncWindows"])
    before = here.image()
    commit = here.release(digest="sha256:" + "d" * 64)
    until(lambda: here.status()["sync"] | {"revision": commit} == here.status()["sync"], 60)
    time.sleep(15)  # three times the time in which it looks again
    assert here.status()["sync"]["status"] == "OutOfSync"
    assert here.image() == before
    operation = {"initiatedBy": {"username": "somebody"}, "sync": {"revision": commit}}
    patch = json.dumps({"operation": operation})
    here.ask("patch", "application", SERVING, "--type=merge", f"--patch={patch}")
    until(lambda: here.image() != before)
    windows(here, [])
    until(lambda: here.synced(commit), 60)


def windows(here: Environment, said: list[Any]) -> None:
    patch = json.dumps({"spec": {"syncWindows": said}})
    place = f"--namespace={gitops.NAMESPACE}"
    here.access.kubectl("patch", "appproject", here.name, place, "--type=merge", f"--patch={patch}")


def test_the_tree_brings_no_kind_that_it_did_not_have(here: Environment) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "smuggled"}}
    here.write(here.tree / SERVING, "more.yaml", secret)
    commit = here.checkout.push("Bring a Secret")
    until(lambda: refused(here.status(), commit, "is not permitted"))
    assert not here.has("secret/smuggled")
    commit = here.checkout.revert()
    until(lambda: here.synced(commit), 60)


def refused(status: Any, commit: str, why: str, kind: str = "") -> bool:
    """The controller has tried to make what the commit says, and was not let."""
    done = status.get("operationState", {})
    made = done.get("syncResult", {}).get("resources", [])
    said = [one.get("message", "") for one in made if kind in ("", one["kind"])]
    return commit in json.dumps(done) and any(why in one for one in said)


def is_refused(here: Environment, name: str, reason: str) -> bool:
    return reason in here.problem(name)


def application(name: str, project: str, place: str, **more: Any) -> Any:
    """One that somebody commits, for a folder which brings what nobody may."""
    source = {"path": f"release/{HERE}/{SMUGGLED}", **more.pop("source", {})}
    spec = {"project": project, "source": source}
    spec["destination"] = {"server": "https://kubernetes.default.svc", "namespace": place}
    spec["syncPolicy"] = {"automated": {}, **more}
    return {
        "apiVersion": gitops.GROUP,
        "kind": "Application",
        "metadata": {"name": name},
        "spec": spec,
    }


def test_a_hostile_application_is_refused_and_changes_nothing(
    environments: tuple[Environment, Environment], here: Environment
) -> None:
    """What is committed can use the environment's project only, in its namespace, from its
    repository; the controller's own project, which permits everything, is not to be had.
    """
    other = environments[1]
    space = ("get", "namespace", here.name, "--output=json")
    labels = json.loads(here.access.kubectl(*space))["metadata"]["labels"]
    here.access.kubectl.apply(gitops.project("open", here.name))
    brought = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": SMUGGLED}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
         "metadata": {"name": SMUGGLED}, "rules": []},
    ]  # fmt: skip
    here.write(here.tree / SMUGGLED, "all.yaml", *brought)
    relabelled = {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}
    hostile = {
        "all": application("all", "default", here.name),
        "neighbour": application("neighbour", here.name, other.name),
        "project": application("project", other.name, other.name),
        "space": application(
            "space",
            here.name,
            here.name,
            syncOptions=["CreateNamespace=true"],
            managedNamespaceMetadata=relabelled,
        ),
    }
    here.write(here.tree / "applications", "more.yaml", *hostile.values())
    # Those of the root are told whom to follow; one that another part makes is not.
    stranger = {"repoURL": "https://git.example.org/stranger.git", "targetRevision": "main"}
    here.write(
        here.checkout.folder / "release" / LOOP,
        "more.yaml",
        application("stranger", here.name, here.name, source=stranger),
    )
    commit = here.checkout.push("Take all there is")
    reasons = {
        "all": "is not permitted to use project 'default'",
        "neighbour": f"'{other.name}' do not match any of the allowed destinations",
        "project": f"is not permitted to use project '{other.name}'",
        "stranger": "is not permitted in project",
    }
    for name, reason in reasons.items():
        until(partial(is_refused, here, name, reason), 90)
    until(lambda: refused(here.status("space"), commit, "is not permitted", "Namespace"), 90)
    assert not here.access.kubectl.try_("get", "clusterrole", SMUGGLED).stdout
    for one in (here, other):
        assert not one.has(f"configmap/{SMUGGLED}")
    assert json.loads(here.access.kubectl(*space))["metadata"]["labels"] == labels
    assert here.synced(commit, SERVING)

    # It is the project that refuses: where one lets this namespace in, the same is done.
    here.write(here.tree / "applications", "one.yaml", application("open", "open", here.name))
    here.checkout.push("Take what is given")
    until(lambda: here.has(f"configmap/{SMUGGLED}"), 60)
    here.access.kubectl("delete", "clusterrole", SMUGGLED)
    commit = here.checkout.revert(2)
    until(lambda: here.synced(commit), 60)
    until(lambda: not any(here.has(f"application/{one}") for one in (*hostile, "stranger", "open")))


def test_no_application_is_made_where_the_controller_is(here: Environment) -> None:
    """There it could name any project."""
    one = application("all", "default", gitops.NAMESPACE)
    one["metadata"]["namespace"] = gitops.NAMESPACE
    path = here.tree / "applications" / FILE
    rules = yaml.safe_load(path.read_text("utf-8"))
    del rules["components"]  # which says the namespace
    path.write_text(yaml.safe_dump(rules), "utf-8")
    here.write(here.tree / "applications", "more.yaml", one)
    commit = here.checkout.push("Move in with the controller")
    until(lambda: refused(here.root(), commit, "is not permitted in project"), 60)
    place = ("get", "applications", f"--namespace={gitops.NAMESPACE}", "--output=name")
    names = here.access.kubectl(*place).split()
    assert sorted(one.rpartition("/")[2] for one in names) == [f"flight-delays-{OTHER}", here.name]
    commit = here.checkout.revert()
    until(lambda: here.synced(commit), 60)


def test_the_other_controllers_are_told_what_they_understand(api: Access, family: Family) -> None:
    gitops.define(api, pins.FLUX_KINDS)
    stated = {"cicd:repository": "https://git.example.org/flights/platform.git"}
    made = delivered(family, "flux", stated)
    objects = [one.inputs for one in made.objects if one.kind in ("GitRepository", "Kustomization")]
    assert [one["kind"] for one in objects].count("Kustomization") == len(PARTS)
    assert len(objects) == len(PARTS) + 1
    asked = ("apply", "--server-side", "--dry-run=server", "--namespace=default", "--filename=-")
    for one in objects:
        one["metadata"]["namespace"] = "default"
        api.kubectl(*asked, given=json.dumps(one))
        strange = json.dumps({**one, "spec": {**one["spec"], "interval": "soon"}})
        assert api.kubectl.try_(*asked, given=strange).returncode
