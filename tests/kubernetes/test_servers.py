"""The servers of a platform on real pods: registry, compute and metrics, on a foundation's stores.

Their components are applied as a program registers them, in a namespace that lets in restricted
pods only.
"""

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from ninefold_stacks.configuration import generated
from ninefold_stacks.foundation.kubernetes import Foundation
from ninefold_stacks.foundation.kubernetes.stores import PASSWORDS
from ninefold_stacks.foundation.kubernetes.stores.defaults import IMAGES
from ninefold_stacks.pinned import image
from ninefold_stacks.platform import Config, Platform, foundation

from bed import builder, standins
from bed.access import Access
from monitor import Monitor
from place import Place, until
from registration import Object, Program
from rendering import CHECKOUT, Family
from workloads import pod

# Two images of a gigabyte are built for it.
pytestmark = pytest.mark.soak
PRODUCT = "flight-delays"
COMPONENT = "app.kubernetes.io/component"
REGISTRY_IMAGE = "docker.io/library/flight-delays-model-registry:test"
RAY_IMAGE = "docker.io/library/flight-delays-training:test"
METRICS_IMAGE = image("docker.io/prom/prometheus")
SECRETS = {
    name: f"{name}-geheim-and-long-enough"
    for name in (*PASSWORDS, "model_registry", "model_registry_session", "training", "monitoring")
}
TECHNOLOGIES = {
    "model_registry": "mlflow",
    "metadata_store": "mlflow",
    "training.compute": "ray",
    "serving.online": "bentoml",
    "monitoring.metrics": "prometheus-grafana",
}
RULES = {"groups": [{"name": "test", "rules": [{"alert": "Planted", "expr": "planted > 0"}]}]}
TARGET = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"planted 1\\n")
http.server.HTTPServer(("", 3000), Answer).serve_forever()
"""
REGISTER = """
import mlflow, pathlib
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("rounds"))
path = pathlib.Path("/tmp/weights.txt")
path.write_text("weights")
client.log_artifact(run.info.run_id, str(path), "model")
client.create_registered_model("toy")
made = client.create_model_version("toy", f"{run.info.artifact_uri}/model", run.info.run_id)
client.set_registered_model_alias("toy", "champion", made.version)
"""
LOAD = """
import mlflow, pathlib
found = mlflow.MlflowClient().get_model_version_by_alias("toy", "champion")
folder = mlflow.artifacts.download_artifacts(found.source, dst_path="/tmp")
print(found.version, pathlib.Path(folder, "weights.txt").read_text())
"""
ASK = """
import os, sys, urllib.error, urllib.request
url, headers = sys.argv[1], dict(one.split("=", 1) for one in sys.argv[2:])
try:
    print(urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""
# More than the head has, which takes nothing: a worker must come for it.
JOB = "import ray; ray.init(); print(ray.get(ray.remote(num_cpus=1)(lambda: 'done').remote()))"


@dataclass(frozen=True)
class Servers(Place):
    """The namespace with everything in it."""

    apply: Callable[[dict[str, str]], None]

    def client(self, script: str, *words: str) -> str:
        """Run a script where a step of the product would run."""
        return self.ask("exec", "client", "--", "python", "-c", script, *words).strip()


@pytest.fixture(scope="module")
def images(node: Access, family: Family, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Those of the foundation, the registry's as its platform repository builds it, and Ray."""
    if not node.state:
        pytest.skip("optional: images are built for nodes of our own")
    for name in (*IMAGES.values(), METRICS_IMAGE):
        standins.give(node, name)
    node.load(
        builder.image(family.repository("platform") / "images" / "model-registry", REGISTRY_IMAGE)
    )
    folder = tmp_path_factory.mktemp("ray")
    shutil.copy(Path(__file__).with_name("images") / "ray" / "Containerfile", folder)
    pins = yaml.safe_load((CHECKOUT / "templates" / "pins.yaml").read_text("utf-8"))
    (version,) = [one.partition("==")[2] for one in pins if one.startswith("ray==")]
    (folder / "requirements.txt").write_text(f"ray[default]=={version}\n", "utf-8")
    node.load(builder.image(folder, RAY_IMAGE))


@pytest.fixture(scope="module")
def place(
    node: Access, images: None, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    environment = f"t-{uuid.uuid4().hex[:8]}"
    name = f"{PRODUCT}-{environment}"
    files = tmp_path_factory.mktemp("monitoring") / "monitoring"
    shutil.copytree(family.repository("platform") / "monitoring", files)
    (files / "rules" / "test.rules.yaml").write_text(yaml.safe_dump(RULES), "utf-8")
    config = {
        "monitoring:files": str(files),
        "monitoring:interval": "1s",
        # No image of the monitoring repository is built here.
        "monitoring:figures": "false",
        "training:operator": "existing",
        "training:min_workers": "0",
        "training:max_workers": "1",
    }
    first, second = _programs(environment)
    stack = f"organization/{PRODUCT}-foundation/{environment}"

    def apply(more: dict[str, str]) -> None:
        secrets = {f"passwords:{one}": value for one, value in {**SECRETS, **more}.items()}
        below = Program(first, f"{PRODUCT}-foundation", environment, {}, secrets)
        outputs = below.run(Monitor(node.kubectl)).outputs
        above = Program(second, f"{PRODUCT}-platform", environment, config, secrets)
        above.run(Monitor(node.kubectl, {stack: outputs}))

    try:
        apply({})
        made = Servers(node, name, apply)
        node.kubectl.apply(_client(name))
        made.rolled("statefulset/database", "statefulset/object-store")
        made.rolled("deployment/model-registry")
        made.ask("wait", "pod/client", "--for=condition=Ready", "--timeout=60s")
        yield made
    finally:
        node.kubectl.try_("delete", "namespace", name, "--wait=false")


def _programs(environment: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """Foundation and platform as a platform repository's two programs make them."""

    def first() -> None:
        made = Foundation(
            "foundation",
            {
                "product": PRODUCT,
                "environment": environment,
                "size": "small",
                "passwords": generated(PASSWORDS),
            },
        )
        for name, value in made.outputs().items():
            pulumi.export(name, value)

    def second() -> None:
        config: Config = {
            "product": PRODUCT,
            "environment": environment,
            "size": "small",
            "technologies": TECHNOLOGIES,
            "images": {"model-registry": REGISTRY_IMAGE, "training": RAY_IMAGE},
            # A node of ours has no volumes that several nodes could mount.
            "state_mode": "ReadWriteOnce",
        }
        Platform("platform", config, foundation(config))

    return first, second


def _client(place: str) -> Object:
    """A pod of a step, with what a role repository's container gets to ask the registry."""
    given = {
        "MLFLOW_TRACKING_URI": "http://model-registry:5000",
        "MLFLOW_TRACKING_USERNAME": "admin",
    }
    password = {"secretKeyRef": {"name": "model-registry", "key": "password"}}
    container = {
        "image": REGISTRY_IMAGE,
        "command": ["sleep", "3600"],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "10m"}},
        "env": [
            *({"name": name, "value": value} for name, value in given.items()),
            {"name": "MLFLOW_TRACKING_PASSWORD", "valueFrom": password},
        ],
    }
    made = pod("client", "", place, container=container)
    made["spec"]["securityContext"]["runAsUser"] = 1000
    return made


def _serving(place: str) -> Object:
    """A pod as the service's, which tells one figure."""
    made = _client(place)
    made["metadata"] |= {
        "name": "serving",
        "labels": {COMPONENT: "serving", "app.kubernetes.io/part-of": PRODUCT},
    }
    made["spec"]["containers"][0] |= {"command": ["python", "-c", TARGET]}
    return made


def test_the_registry_asks_for_a_password_and_for_its_own_name(place: Servers) -> None:
    server = "http://model-registry:5000"
    models = f"{server}/api/2.0/mlflow/registered-models/search"
    assert place.client(ASK, models) == "401"
    assert place.client(ASK, f"{server}/health") == "200"
    basic = "Authorization=Basic YWRtaW46d3Jvbmc="
    assert place.client(ASK, models, basic) == "401"
    assert place.client(ASK, models, "Host=elsewhere.example.com") == "403"


def test_what_is_registered_outlives_the_server(place: Servers) -> None:
    place.client(REGISTER)
    chosen = f"--selector={COMPONENT}=model-registry"
    place.ask("delete", "pod", chosen, "--grace-period=0", "--force", "--wait=true")
    place.rolled("deployment/model-registry")
    assert place.client(LOAD) == "1 weights"


def test_a_new_password_is_the_one_that_counts(place: Servers) -> None:
    models = "http://model-registry:5000/api/2.0/mlflow/registered-models/search"
    known = "import os, base64; print(base64.b64encode(f'admin:{os.environ[\"MLFLOW_TRACKING_PASSWORD\"]}'.encode()).decode())"  # noqa: E501
    basic = f"Authorization=Basic {place.client(known)}"
    assert place.client(ASK, models, basic) == "200"
    place.apply({"model_registry": "another-geheim-and-long-enough"})
    place.rolled("deployment/model-registry")
    assert place.client(ASK, models, basic) == "401"
    # A pod that starts now gets the new one; what was registered is still there.
    place.ask("delete", "pod", "client", "--now")
    place.access.kubectl.apply(_client(place.name))
    place.ask("wait", "pod/client", "--for=condition=Ready", "--timeout=60s")
    assert place.client(LOAD) == "1 weights"


def test_the_compute_asks_for_its_token_and_makes_workers_for_a_job(place: Servers) -> None:
    head = "--selector=ray.io/cluster=training,ray.io/node-type=head"
    until(lambda: bool(place.found("pods", head)["items"]), 120)
    place.ask("wait", "pod", head, "--for=condition=Ready", "--timeout=180s", seconds=190)
    jobs = "http://training:8265/api/jobs/"
    assert place.client(ASK, jobs) == "401"
    assert place.client(ASK, jobs, "Authorization=Bearer wrong") == "403"
    assert place.client(ASK, jobs, f"Authorization=Bearer {SECRETS['training']}") == "200"
    workers = "--selector=ray.io/cluster=training,ray.io/node-type=worker"
    assert place.found("pods", workers)["items"] == []
    place.access.kubectl.apply(_job(place.name))

    def done() -> bool:
        return bool(
            place.found("rayjob", "round").get("status", {}).get("jobStatus") == "SUCCEEDED"
        )

    until(done, 240)
    assert len(place.found("pods", workers)["items"]) == 1


def test_only_what_makes_workers_may_ask_the_cluster(place: Servers) -> None:
    (head,) = place.found("pods", "--selector=ray.io/node-type=head")["items"]
    for container in head["spec"]["containers"]:
        mounts = {one["mountPath"] for one in container["volumeMounts"]}
        assert any("serviceaccount" in one for one in mounts) == (container["name"] == "autoscaler")
        assert container["securityContext"]["readOnlyRootFilesystem"]


def test_figures_are_scraped_and_a_rule_fires(place: Servers) -> None:
    place.access.kubectl.apply(_serving(place.name))
    place.rolled("statefulset/metrics")
    asked = (
        "import urllib.request as r, sys; print(r.urlopen(sys.argv[1], timeout=20).read().decode())"
    )

    def metrics(path: str) -> Any:
        return json.loads(place.client(asked, f"http://metrics:9090/api/v1/{path}"))["data"]

    def fired() -> bool:
        names = {one["labels"]["alertname"] for one in metrics("alerts")["alerts"]}
        return "Planted" in names

    until(fired, 120)
    ups = metrics("query?query=up")["result"]
    known = {one["metric"]["job"]: one["value"][1] for one in ups}
    assert known[PRODUCT] == "1"
    assert known[f"{PRODUCT}-training"] == "1"
    rules = [rule["name"] for group in metrics("rules")["groups"] for rule in group["rules"]]
    assert {"ServiceDown", "ServiceAbsent", "Planted"} <= set(rules)


def _job(place: str) -> Object:
    """A step on the compute: the operator hands it in, no pod is needed for that."""
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "metadata": {"name": "round", "namespace": place},
        "spec": {
            "submissionMode": "HTTPMode",
            "clusterSelector": {"ray.io/cluster": "training"},
            "entrypoint": f'python -c "{JOB}"',
        },
    }


def test_the_dashboards_are_let_in(place: Servers) -> None:
    """There is no image of Grafana here: only Kubernetes judges what would run."""
    found = place.found("deployment", "dashboards")
    created = {one["type"]: one["status"] for one in found["status"]["conditions"]}
    assert created["Progressing"] == "True"
    assert "ReplicaFailure" not in created
