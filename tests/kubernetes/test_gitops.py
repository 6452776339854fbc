"""Delivery by the real controller: a commit is rolled out, what is changed by hand is mended.

No node is here: Kubernetes' own controllers make the pods, and a stand-in says that they run.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gitops
import pytest
import yaml

from bed import pins
from bed.access import Access
from deployed import PROGRAMS, Part, delivered, world
from monitor import Monitor
from place import Place, until
from rendering import Family, call, copy, example, ninefold
from standin import kubelet

HERE, OTHER = "staging", "prod"
BROKEN = "flight-delays-serving@sha256:" + "b" * 64
SERVICE = "deployment/serving"


@dataclass(frozen=True)
class Environment(Place):
    """An environment, as the controller keeps it."""

    checkout: gitops.Checkout

    def release(self, **image: str) -> str:
        """Commit another image of the service to the environment's tree."""
        path = self.checkout.folder / "release" / HERE / "kustomization.yaml"
        rules = yaml.safe_load(path.read_text("utf-8"))
        (known,) = (one for one in rules["images"] if one["name"].endswith("-serving"))
        known.pop("newTag", None)
        known.update(image)
        path.write_text(yaml.safe_dump(rules, sort_keys=False), "utf-8")
        return self.checkout.push("Release another image")

    def status(self) -> Any:
        """What the controller says of it."""
        return self.application().get("status", {})

    def application(self) -> Any:
        found = ("get", "application", self.name, f"--namespace={gitops.NAMESPACE}", "-ojson")
        return json.loads(self.access.kubectl(*found))

    def synced(self, commit: str) -> bool:
        sync = self.status().get("sync", {})
        return (sync.get("status"), sync.get("revision")) == ("Synced", commit)

    def health(self) -> str:
        """The service's, as the controller sees it."""
        parts = self.status().get("resources", [])
        found = [one for one in parts if (one["kind"], one["name"]) == ("Deployment", "serving")]
        return str(found[0].get("health", {}).get("status", "")) if found else ""

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
        path = one.folder / "release" / environment / "serving.yaml"
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
        running.enter_context(gitops.controller(api, folder))
        both = (
            Environment(api, f"flight-delays-{HERE}", checkout),
            Environment(api, f"flight-delays-{OTHER}", checkout),
        )
        commit = checkout.git("rev-parse", "HEAD")
        until(lambda: all(one.synced(commit) for one in both), 120)
        until(lambda: all(one.health() == "Healthy" for one in both), 60)
        yield both
        for one in both:
            api.kubectl.try_("delete", "namespace", one.name, "--wait=false")


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
    until(lambda: not here.access.kubectl.try_(
        "get", "service", "serving", f"--namespace={here.name}").returncode)  # fmt: skip


def test_a_broken_image_leaves_the_old_one_serving_until_it_is_reverted(here: Environment) -> None:
    before = here.image()
    commit = here.release(digest=BROKEN.partition("@")[2])
    until(lambda: here.synced(commit), 60)
    until(lambda: here.health() == "Degraded", 90)
    assert here.image() == BROKEN
    assert here.serving() == {before}
    commit = here.checkout.revert()
    until(lambda: here.synced(commit), 60)
    until(lambda: here.health() == "Healthy")
    assert here.serving() == {before}


def test_the_tree_brings_no_kind_that_it_did_not_have(here: Environment) -> None:
    folder = here.checkout.folder / "release" / HERE
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "smuggled"}}
    (folder / "more.yaml").write_text(yaml.safe_dump(secret), "utf-8")
    path = folder / "kustomization.yaml"
    rules = yaml.safe_load(path.read_text("utf-8"))
    rules["resources"].append("more.yaml")
    path.write_text(yaml.safe_dump(rules, sort_keys=False), "utf-8")
    commit = here.checkout.push("Bring a Secret")

    def refused() -> bool:
        done = here.status().get("operationState", {})
        said = [one.get("message", "") for one in done.get("syncResult", {}).get("resources", [])]
        return commit in json.dumps(done) and any("is not permitted" in one for one in said)

    until(refused)
    assert here.access.kubectl.try_(
        "get", "secret", "smuggled", f"--namespace={here.name}"
    ).returncode
    commit = here.checkout.revert()
    until(lambda: here.synced(commit), 60)


def test_the_other_controllers_are_told_what_they_understand(api: Access, family: Family) -> None:
    gitops.define(api, pins.FLUX_KINDS)
    stated = {"cicd:repository": "https://git.example.org/flights/platform.git"}
    made = delivered(family, "flux", stated)
    objects = [one.inputs for one in made.objects if one.kind in ("GitRepository", "Kustomization")]
    assert len(objects) == 2
    asked = ("apply", "--server-side", "--dry-run=server", "--namespace=default", "--filename=-")
    for one in objects:
        one["metadata"]["namespace"] = "default"
        api.kubectl(*asked, given=json.dumps(one))
        strange = json.dumps({**one, "spec": {**one["spec"], "interval": "soon"}})
        assert api.kubectl.try_(*asked, given=strange).returncode
