"""How fast objects come to a cluster: by the engine, by its library, by kubectl, by Helm.

All bring the same objects to the API server of the tests' bed, each into a namespace of its own,
and wait for nothing. Nothing runs there: what is measured is the way, not the workloads.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from families import table
from machine import ROOT

# The bed belongs to the tests, which are no package.
sys.path[:0] = [str(ROOT / "tests" / "kubernetes"), str(ROOT / "tests")]

if TYPE_CHECKING:
    from bed.access import Access

COUNTS = (50, 100, 200, 500)
ENGINE = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")
EXAMPLE = "flight-delays"
LABELS = {"app.kubernetes.io/part-of": "measured"}
PLACE = "the-namespace"
# No way waits: kubectl does not, and here nobody would make anything ready.
UNAWAITED = {"pulumi.com/skipAwait": "true"}
Document = dict[str, Any]
Way = Callable[["Bench", Sequence[Document], str, Path], Callable[[], object]]

PROGRAM = """import json
from pathlib import Path

import pulumi

for document in json.loads(Path("objects.json").read_text("utf-8")):
    group = document["apiVersion"] if "/" in document["apiVersion"] else "core/v1"
    name = f"{document['metadata']['name']}-{document['kind'].lower()}"
    pulumi.CustomResource(f"kubernetes:{group}:{document['kind']}", name, document)
"""


@dataclass(frozen=True)
class Bench:
    """The cluster and the programs of the peers."""

    access: "Access"
    helm: Path

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """What kubectl says; a failure ends the benchmark."""
        return self.access.kubectl(*arguments, given=given, seconds=600)

    @contextmanager
    def namespace(self) -> Iterator[str]:
        """A new one, gone before the next way begins."""
        name = f"measured-{uuid.uuid4().hex[:8]}"
        self.kubectl("create", "namespace", name)
        self.kubectl("wait", f"--namespace={name}", "--for=create", "sa/default", "--timeout=60s")
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--timeout=300s")


def mix(count: int) -> list[Document]:
    """Objects of five kinds, as a platform consists of them."""
    kinds = (_settings, _secret, _service, _deployment, _policy)
    return [kinds[number % len(kinds)](f"part-{number}") for number in range(count)]


def _settings(name: str) -> Document:
    data = {f"KEY_{number}": f"value {number} of {name}" for number in range(10)}
    return _object("v1", "ConfigMap", name, data=data)


def _secret(name: str) -> Document:
    return _object("v1", "Secret", name, stringData={"password": f"nobody's {name}"})


def _service(name: str) -> Document:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return _object("v1", "Service", name, spec={"selector": {"app": name}, "ports": ports})


def _deployment(name: str) -> Document:
    resources = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}
    container = {"name": "main", "image": "nobody/runs:1", "resources": resources}
    pod = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    selector = {"matchLabels": {"app": name}}
    spec = {"replicas": 0, "selector": selector, "template": pod}
    return _object("apps/v1", "Deployment", name, spec=spec)


def _policy(name: str) -> Document:
    spec = {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"]}
    return _object("networking.k8s.io/v1", "NetworkPolicy", name, spec=spec)


def _object(version: str, kind: str, name: str, **more: Any) -> Document:
    head = {"name": name, "labels": LABELS, "annotations": UNAWAITED}
    return {"apiVersion": version, "kind": kind, "metadata": head, **more}


def example() -> list[Document]:
    """Every object of the flight example's environment but its namespace."""
    from deployed import world
    from rendering import flight_family

    found = []
    for one in world(flight_family(), "small").objects:
        document = json.loads(json.dumps(one.inputs))
        if "namespace" in document["metadata"]:
            document["metadata"].setdefault("annotations", {}).update(UNAWAITED)
            found.append(document)
    return found


def kubectl_apply(
    bench: Bench, documents: Sequence[Document], _: str, folder: Path
) -> Callable[[], object]:
    """One file, one command."""
    path = folder / "objects.yaml"
    path.write_text(yaml.safe_dump_all(documents, sort_keys=False), "utf-8")
    return lambda: bench.kubectl("apply", "--server-side", f"--filename={path}")


def helm_apply(
    bench: Bench, documents: Sequence[Document], namespace: str, folder: Path
) -> Callable[[], object]:
    """A chart with one template for each object, whose text is its own."""
    chart = folder / "chart"
    (chart / "templates").mkdir(parents=True)
    about = {"apiVersion": "v2", "name": "measured", "version": "0.1.0"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about), "utf-8")
    for number, document in enumerate(documents):
        head = {**document["metadata"], "namespace": PLACE}
        text = yaml.safe_dump({**document, "metadata": head}, sort_keys=False)
        text = text.replace("{{", "{{`{{`}}").replace(PLACE, "{{ .Release.Namespace }}")
        (chart / "templates" / f"{number}.yaml").write_text(text, "utf-8")

    def work() -> None:
        template = (bench.helm, "template", "measured", chart, f"--namespace={namespace}")
        shown = subprocess.run(template, check=True, capture_output=True, text=True).stdout
        bench.kubectl("apply", "--server-side", "--filename=-", given=shown)

    return work


def library_apply(
    bench: Bench, documents: Sequence[Document], _: str, folder: Path
) -> Callable[[], object]:
    """The engine's Python library in this process, one server-side apply for each resource."""
    from monitor import Monitor
    from registration import Program

    program = _program(documents, folder)

    def work() -> None:
        made = Program(program / "__main__.py", "measured", "one", {}).run(
            Monitor(bench.access.kubectl)
        )
        assert len(made.objects) == len(documents)

    return work


def engine_up(
    bench: Bench, documents: Sequence[Document], _: str, folder: Path
) -> Callable[[], object]:
    """`pulumi up` from nothing, without its preview; state in a folder."""
    program = _program(documents, folder)
    (folder / "state").mkdir()
    variables = {
        **os.environ,
        "KUBECONFIG": str(bench.access.kubeconfig),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "measured",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def call(*arguments: str) -> None:
        command = ("pulumi", "--non-interactive", "--cwd", str(program), *arguments)
        done = subprocess.run(command, env=variables, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"error: {' '.join(command)}: {(done.stdout + done.stderr)[-800:]}")

    call("stack", "init", "one")
    return lambda: call("up", "--yes", "--skip-preview", "--stack", "one")


def _program(documents: Sequence[Document], folder: Path) -> Path:
    """A program that registers the objects."""
    program = folder / "program"
    program.mkdir()
    options = {"toolchain": "uv", "virtualenv": sys.prefix}
    about = {"name": "measured", "runtime": {"name": "python", "options": options}}
    (program / "Pulumi.yaml").write_text(yaml.safe_dump(about), "utf-8")
    (program / "__main__.py").write_text(PROGRAM, "utf-8")
    (program / "objects.json").write_text(json.dumps(documents), "utf-8")
    return program


KUBECTL = "`kubectl apply`"
WAYS: Mapping[str, Way] = {
    KUBECTL: kubectl_apply,
    "`helm template`, `kubectl apply`": helm_apply,
    "library, one apply each": library_apply,
    "`pulumi up`": engine_up,
}


def measure() -> dict[str, Any]:
    """Seconds of each way, for each number of objects and for the example's."""
    from bed import build, pins
    from bed.access import opened

    build.provide([pins.HELM])
    ways = {name: way for name, way in WAYS.items() if way is not engine_up or _has_engine()}
    cases = {str(count): mix(count) for count in COUNTS}
    cases[EXAMPLE] = example()
    rows = []
    with opened(f"bench-{os.getpid()}", "api") as access:
        bench = Bench(access, pins.HELM.program("helm"))
        _once(bench, kubectl_apply, mix(5))  # what is slow the first time only
        for case, documents in cases.items():
            seconds = {name: _once(bench, way, documents) for name, way in ways.items()}
            rows.append({"case": case, "objects": len(documents), "seconds": seconds})
            print(f"  {case}: {json.dumps(seconds)}", flush=True)
    return {"engine": _has_engine(), "rows": rows}


def _has_engine() -> bool:
    return all(shutil.which(name) for name in ENGINE)


def _once(bench: Bench, way: Way, documents: Sequence[Document]) -> float:
    """Seconds of one way in a namespace of its own; all objects must be there."""
    # The engine looks for the lock of the environment in the folders above its program.
    place = ROOT / "build"
    with (
        bench.namespace() as name,
        tempfile.TemporaryDirectory(dir=place, prefix="provisioning-") as folder,
    ):
        placed = [{**one, "metadata": {**one["metadata"], "namespace": name}} for one in documents]
        work = way(bench, placed, name, Path(folder))
        started = time.perf_counter()
        work()
        taken = time.perf_counter() - started
        kinds = ",".join(sorted({_kind(one) for one in placed}))
        found = bench.kubectl("get", kinds, f"--namespace={name}", "--output=name").split()
        assert len(found) >= len(placed), f"{len(found)} of {len(placed)} objects are there"
        return round(taken, 2)


def _kind(document: Document) -> str:
    group, _, version = document["apiVersion"].rpartition("/")
    return f"{document['kind']}.{version}.{group}".lower() if group else document["kind"].lower()


def report(document: Mapping[str, Any]) -> str:
    """A row for each case and way; then how each grows."""
    rows = []
    for row in document["rows"]:
        least = row["seconds"][KUBECTL]
        for name, taken in row["seconds"].items():
            rate = f"{row['objects'] / taken:.0f}"
            case = f"{row['case']}, {name}" if row["case"] == EXAMPLE else name
            rows.append([case, str(row["objects"]), f"{taken:.1f}", rate, f"{taken / least:.1f}"])
    shown = table("way | objects | s | objects/s | times kubectl", rows)
    grown = table(f"from {COUNTS[0]} to {COUNTS[-1]} objects | times as long", _growth(document))
    return f"{shown}\n\n{grown}"


def _growth(document: Mapping[str, Any]) -> list[list[str]]:
    taken = {row["case"]: row["seconds"] for row in document["rows"]}
    least, most = taken[str(COUNTS[0])], taken[str(COUNTS[-1])]
    return [[name, f"{most[name] / least[name]:.1f}"] for name in least]


def goals(_: Mapping[str, Any]) -> list[list[str]]:
    """None was promised."""
    return []
