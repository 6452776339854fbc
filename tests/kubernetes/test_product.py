"""The whole product in a cluster: its platform comes up, and its steps run there unchanged.

The programs are those of the rendered platform repository, applied as they register their objects;
the images are built from the rendered Containerfiles, and a step is what the orchestration's
workflow says: that command, in that image, with that environment. Its controller runs elsewhere:
the test hands in one step after the other, in the order of its graph.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import able

from ninefold_stacks.foundation.kubernetes.stores.defaults import IMAGES
from ninefold_stacks.pinned import image
from ninefold_stacks.platform.release import documents

from bed import builder, standins
from bed.access import Access, opened
from deployed import ENVIRONMENT, Part, world
from monitor import Monitor
from place import Place, elsewhere, until
from registration import Object
from rendering import Family, call, example, ninefold
from sliced import small

pytestmark = pytest.mark.product
ROLES = ("data-engineering", "training", "serving")
COMPONENT = "app.kubernetes.io/component"
STATE = "/var/lib/flight-delays"
HEAD, WORKER = (f"ray.io/cluster=training,ray.io/node-type={one}" for one in ("head", "worker"))
METRICS_IMAGE = image("docker.io/prom/prometheus")
OPERATOR_IMAGE = image("quay.io/kuberay/operator")
# One node, which all pods share, with as few processors as a laptop has.
PARTS = (
    Part(
        "foundation", {f"{store}:cpu": "50m" for store in ("object_store", "database", "key_value")}
    ),
    Part(
        "platform",
        {
            "state_mode": "ReadWriteOnce",
            "training:max_workers": "1",
            "feature_store:servers": "1",
            # No image of the monitoring repository is built here.
            "monitoring:figures": "false",
        },
    ),
)
# Up to here the steps need the servers; the rest of them reads files.
STEPS = ("ingest", "features", "materialise", "dataset", "train", "evaluate", "register", "score")
# A benchmark measures an undisturbed run.
DISTURBED = os.environ.get("NINEFOLD_DRILLS", "1") != "0"
# Where a step or the service runs: a question to a server, and the same entity scored in batch.
PREDICT = """
import json, urllib.request
import pyarrow.parquet as parquet
row = parquet.read_table("/var/lib/flight-delays/serving/scores.parquet").to_pylist()[0]
body = json.dumps({"keys": [row["flight_id"]]}).encode()
headers = {"content-type": "application/json"}
request = urllib.request.Request("http://serving/predict", data=body, headers=headers)
answer = json.loads(urllib.request.urlopen(request, timeout=30).read())["predictions"][0]
print(json.dumps([row["prediction"], answer["prediction"], answer["model_version"]]))
"""
# An entity's features by the feature server, and by the port that the service reads them with.
FEATURES = """
import json, urllib.request
import pyarrow.parquet as parquet
from flight_delays_serving import environment, features
from flight_delays_serving.settings import load_settings
settings = load_settings()
environment.apply(settings)
scores = parquet.read_table("/var/lib/flight-delays/serving/scores.parquet")
key = scores["flight_id"][0].as_py()
address, headers = "http://feature-server:6566/features", {"content-type": "application/json"}
request = urllib.request.Request(address, json.dumps({"keys": [key]}).encode(), headers)
answered = json.loads(urllib.request.urlopen(request, timeout=30).read())["features"]
read = features.online(settings, [key], settings.clock)
print(json.dumps([answered, read.astype(object).where(read.notna(), None).to_dict("records")]))
"""
# Where the compute plans: the nodes that fitted the model, and whether one of them was this.
FITTED = """
import json
from ray.util.state import list_nodes, list_tasks
heads = {one.node_id for one in list_nodes() if one.is_head_node}
fits = list_tasks(filters=[("name", "=", "fit_final"), ("state", "=", "FINISHED")], detail=True)
print(json.dumps([len(fits), bool(heads & {one.node_id for one in fits})]))
"""
# What the registry and the metadata store hold.
KEPT = """
import json, mlflow
client = mlflow.MlflowClient("http://model-registry:5000")
experiments = [one.experiment_id for one in client.search_experiments()]
ended = client.search_runs(experiments, "attributes.status = 'FINISHED'")
versions = client.search_model_versions("name = 'flight-delays'")
print(json.dumps([len(versions), sorted({one.info.run_name for one in ended})]))
"""
ASK = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())
"""


@dataclass(frozen=True)
class Run:
    """A step under way: the object that stands for it, and when that says how it ended."""

    at: str  # such as job/ingest
    succeeded: str
    failed: str


@dataclass(frozen=True)
class Product(Place):
    """The product's namespace, and the seconds that each part of the way took."""

    family: Family
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Take the time of a part."""
        start = time.monotonic()
        yield
        self.seconds[part] = round(time.monotonic() - start, 1)

    def step(self, name: str) -> str:
        """Run a step of the workflow; what it says."""
        good, said = self.ended(self.started(name))
        assert good, f"{name}: {said}"
        return said

    def started(self, name: str) -> Run:
        """A step of the workflow, as its controller would start it."""
        template = pipeline(self.family)
        (step,) = [one for one in template["templates"] if one["name"] == name]
        if "resource" in step:
            return self._handed_in(step["resource"])
        self.access.kubectl.try_(f"--namespace={self.name}", "delete", "job", name)
        self.access.kubectl.apply(job(name, self.name, template, step["container"]))
        return Run(f"job/{name}", "status.succeeded in (1)", "status.failed in (1)")

    def _handed_in(self, resource: Object) -> Run:
        words = (resource["action"], "--filename=-", "--output=name")
        at = self.ask(*words, given=resource["manifest"]).strip()
        return Run(at, resource["successCondition"], resource["failureCondition"])

    def ended(self, run: Run, seconds: float = 1200) -> tuple[bool, str]:
        """Whether it ended well, and what it said."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.found(run.at)
            if any(meets(found, one) for one in conditions(run.failed)):
                return False, self._said(run, found)
            if all(meets(found, one) for one in conditions(run.succeeded)):
                return True, self._said(run, found)
            time.sleep(1)
        raise AssertionError(f"{run.at} does not end: {found['status']}")

    def _said(self, run: Run, found: Object) -> str:
        if run.at.startswith("job/"):
            return self.ask("logs", run.at, "--tail=40")
        logs = self.ask("exec", self.head(), "--", "ray", "job", "logs", found["status"]["jobId"])
        return f"{found['status'].get('message', '')}\n{logs}"

    def head(self) -> str:
        """The pod where the compute plans."""
        return self.ask("get", "pod", f"--selector={HEAD}", "--output=name").strip()

    def resumed(self, name: str, kill: Callable[[], None]) -> None:
        """A step while which something is killed ends well, or says where; then it is run again."""
        run = self.started(name)
        kill()
        good, said = self.ended(run)
        assert good or "error: " in said, f"{name}: {said}"
        print(f"{name} {'went on' if good else 'stopped'}: {said[-400:]}")
        self.ready()
        again = self.step(name)
        assert ("nothing changed" in again) == good, again

    def inside(self, script: str, *words: str, at: str = "deployment/serving") -> Any:
        """Run a script in a pod, by default of the service, which answers JSON."""
        return json.loads(self.ask("exec", at, "--", "python", "-c", script, *words))

    def figures(self, path: str) -> Any:
        """What the metrics' server answers to a pod of the service."""
        return self.inside(ASK, f"http://metrics:9090/api/v1/{path}")["data"]

    def lose_the_worker(self) -> None:
        """Kill the worker when a trial has left its note and the others have not."""
        noted = f"ls {STATE}/training/.*.notes.partial/*"
        words = (f"--namespace={self.name}", "exec", self.head(), "--", "sh", "-c", noted)
        until(lambda: not self.access.kubectl.try_(*words).returncode, 120)
        self.gone(WORKER)

    def lose_the_registry(self) -> None:
        """Kill the registry and its database when the step has begun."""
        begun = "jsonpath={.items[*].status.containerStatuses[*].state.running.startedAt}"
        words = ("get", "pod", "--selector=job-name=register", f"--output={begun}")
        until(lambda: bool(self.ask(*words)), 60)
        time.sleep(2)  # to import what it needs
        self.kill("model-registry", "database")

    def firing(self) -> set[str]:
        """The alerts that are given."""
        alerts = self.figures("alerts")["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    def ready(self) -> None:
        """Everything that runs for ever does, but the pages that no image is here for."""
        stores = ("statefulset/database", "statefulset/object-store", "statefulset/key-value")
        made = ("deployment/model-registry", "deployment/training-operator")
        self.rolled(*stores, *made, seconds=300)

    def kill(self, *components: str) -> None:
        """End pods as a node that is gone does."""
        for one in components:
            self.gone(f"{COMPONENT}={one}")

    def gone(self, selector: str) -> None:
        """End these pods as a node that is gone does."""
        chosen = f"--selector={selector}"
        self.ask("delete", "pod", chosen, "--grace-period=0", "--force", "--wait=true")


def conditions(text: str) -> list[tuple[str, list[str]]]:
    """`field in (one, other), ...`, as the workflow's controller reads it."""
    found = re.findall(r"([\w.]+) in \(([^)]*)\)", text)
    assert ", ".join(f"{field} in ({values})" for field, values in found) == text
    return [(field, values.split(", ")) for field, values in found]


def meets(one: Object, condition: tuple[str, list[str]]) -> bool:
    """The field has one of the values."""
    value: Any = one
    for key in condition[0].split("."):
        value = value.get(key, {})
    return str(value) in condition[1]


def pipeline(family: Family) -> Object:
    """The workflow of the loop as it is released."""
    tree = documents(family.repository("platform") / "release" / ENVIRONMENT)
    (found,) = [
        one
        for one in tree
        if one["kind"] == "WorkflowTemplate" and one["metadata"]["name"] == "pipeline"
    ]
    spec: Object = found["spec"]
    return spec


def job(name: str, place: str, template: Object, container: Object) -> Object:
    """A step as the workflow's controller would run it."""
    kept = ("volumes", "securityContext", "automountServiceAccountToken")
    # What it may take is the workflow's; what it must be given is what is left here.
    given = {**container["resources"]["requests"], "cpu": "50m"}
    resources = {**container["resources"], "requests": given}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": place},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": template["podMetadata"],
                "spec": {
                    **{key: template[key] for key in kept},
                    "restartPolicy": "Never",
                    "enableServiceLinks": False,
                    "containers": [{"name": "main", **container, "resources": resources}],
                },
            },
        },
    }


@pytest.fixture(scope="module", params=["small", pytest.param("full", marks=pytest.mark.soak)])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Family:
    """The flight example for two months and three trials, or all of it, at an instant of then."""
    folder = tmp_path_factory.mktemp("product")
    spec = small(example()) if request.param == "small" else example()
    spec["environments"][ENVIRONMENT]["clock"] = spec["environments"]["dev"]["clock"]
    (folder / "product.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    ninefold("new", folder / "product.yaml", "--into", folder / "family")
    return Family(folder / "family", "flight-delays")


@pytest.fixture(scope="module")
def node() -> Iterator[Access]:
    """A node without Ray's operator: the platform brings its own."""
    able("node")
    with opened(f"product-{os.getpid()}", "node", operator=False) as one:
        yield one


@pytest.fixture(scope="module")
def images(node: Access, product: Family) -> None:
    """Those of the stores, of the registry, and of the roles whose steps run here."""
    if not node.state:
        pytest.skip("optional: images are built for nodes of our own")
    for name in (*IMAGES.values(), METRICS_IMAGE, OPERATOR_IMAGE):
        standins.give(node, name)
    give(node, product.repository("platform") / "images" / "model-registry", "model-registry")
    for role in ROLES:
        call("uv", "lock", "--quiet", at=product.repository(role))
        give(node, product.repository(role), role)


def give(node: Access, folder: Path, role: str) -> None:
    """Build an image of a gigabyte, give it to the node, and keep no other copy."""
    name = f"docker.io/library/flight-delays-{role}:0.1.0"
    archive = builder.image(folder, name)
    node.load(archive)
    builder.remove(name, archive)


@pytest.fixture(scope="module")
def place(node: Access, images: None, product: Family) -> Iterator[Product]:
    environment = elsewhere(product.repository("platform"), product.name)
    name = f"{product.name}-{environment}"
    made = Product(node, name, product)
    try:
        with made.timed("objects"):
            world(
                product,
                "small",
                environment=environment,
                cloud=lambda stacks: Monitor(node.kubectl, stacks),
                parts=PARTS,
            )
        with made.timed("servers"):
            made.ready()
        yield made
    finally:
        node.kubectl.try_("delete", "namespace", name, "--wait=false")


def test_the_steps_run_on_the_platform_and_the_service_predicts(
    place: Product, record_property: Callable[[str, object], None]
) -> None:
    drills = {"train": place.lose_the_worker, "register": place.lose_the_registry}
    for name in STEPS:
        if name == "register" and DISTURBED:
            # It waits for a champion, longer than the product's rules allow.
            until(lambda: "ServiceNotReady" in place.firing(), 240)
        with place.timed(name):
            if name in drills and DISTURBED:
                place.resumed(name, drills[name])
            else:
                assert "Traceback" not in place.step(name)
        if name == "train":
            fitted, on_head = place.inside(FITTED, at=place.head())
            assert fitted and not on_head
    with place.timed("serving"):
        place.rolled("deployment/serving", seconds=300)
    with place.timed("prediction"):
        batch, online, version = place.inside(PREDICT)
    for part, seconds in place.seconds.items():
        record_property(part, seconds)
    assert online == batch
    assert version == "1"
    versions, runs = place.inside(KEPT)
    assert versions == 1
    assert set(runs) >= set(STEPS[: STEPS.index("register")])


def test_features_are_answered_over_http_as_the_service_reads_them(place: Product) -> None:
    place.rolled("deployment/feature-server")
    answered, read = place.inside(FEATURES)
    assert answered == read
    assert sum(value is not None for value in answered[0].values()) > 10


def test_the_service_and_the_compute_are_scraped(place: Product) -> None:
    found = place.figures("query?query=up")["result"]
    up = {one["metric"]["job"] for one in found if one["value"][1] == "1"}
    assert {"flight-delays", "flight-delays-training"} <= up
    until(lambda: "ServiceNotReady" not in place.firing(), 240)


def test_nothing_is_lost_when_pods_are_killed(place: Product) -> None:
    before = place.inside(PREDICT)
    place.kill("database", "key-value", "object-store", "model-registry")
    place.kill("training-operator", "training", "serving")
    place.ready()
    place.rolled("deployment/serving", seconds=300)
    # The model is read from the registry again, the features from the online store.
    assert place.inside(PREDICT) == before
    assert "nothing changed" in place.step("score")
