"""The real engine: a whole environment, foundation and platform, by the repository's own verbs.

Runs where the engine is on PATH. There is no node here: Kubernetes' own controllers make the pods,
and a stand-in says that they run, so that the engine waits for what it would wait for.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ninefold_stacks.platform.release import documents

from bed import build, pins
from bed.access import Access
from engine import ENVIRONMENT, REFRESHED, SAME, Platform, published, repository
from rendering import Family
from standin import kubelet

BOTH = ("foundation", "platform")
REGISTRY, SERVING = "model-registry", "serving"
MADE = "deployments,statefulsets,services,configmaps,secrets,persistentvolumeclaims,cronjobs"
KINDS = tuple(f"{kind}.ray.io" for kind in ("rayclusters", "rayjobs", "rayservices"))
UNCHANGED = ("same", "read", "refresh")
# Of the environment, by itself and not by us.
GIVEN = {"configmap/kube-root-ca.crt"}


@pytest.fixture(scope="module")
def environment(
    api: Access, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    one = repository(api, family, tmp_path_factory.mktemp("environment") / "platform")
    definitions = build.fetched(pins.KUBERAY, pins.OPERATORS.folder) / pins.KINDS[pins.KUBERAY][1]
    if api.state:
        # A cluster that nobody has told of these kinds yet. In another's, what it has would go.
        api.kubectl("delete", "customresourcedefinitions", *KINDS)
    # No model was registered yet: the service cannot be ready, and all else must be.
    with (
        published(definitions) as address,
        kubelet(api.kubectl, one.namespace, idle=(SERVING,)),
    ):
        kinds = address if api.state else "existing"
        one.configure("platform", **{"training:definitions": kinds})
        started = time.monotonic()
        said = one("make", "up")
        print(f"up from nothing: {time.monotonic() - started:.0f} s")
        (one.folder / "said").write_text(said, encoding="utf-8")
        yield one
        for program in reversed(BOTH):
            one.try_(*one.verb("destroy", program))
        api.kubectl.try_("delete", "persistentvolumes", "--selector=standin", "--wait=false")


def changes(one: Platform, program: str, **more: str) -> list[tuple[str, str]]:
    """What an `up` does, from the engine's own events: the step, and kind and name."""
    path = one.folder / "events.json"
    path.unlink(missing_ok=True)
    options = ("--", "--event-log", str(path))
    one(*one.verb("up", program), *options, PULUMI_DEBUG_COMMANDS="true", **more)
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    steps = [e["resOutputsEvent"]["metadata"] for e in events if "resOutputsEvent" in e]
    return [(s["op"], _named(s["urn"])) for s in steps if s["op"] not in UNCHANGED]


def _named(urn: str) -> str:
    *_, kind, name = urn.split("::")
    return f"{kind.rpartition(':')[2]} {name}"


def left(one: Platform) -> set[str]:
    """What is in the namespace, by kind and name."""
    done = one.access.kubectl.try_("get", MADE, f"--namespace={one.namespace}", "--output=name")
    return set(done.stdout.split()) - GIVEN


def test_up_makes_both_programs(environment: Platform) -> None:
    found = left(environment)
    assert {"deployment.apps/model-registry", "deployment.apps/serving"} <= found
    assert {"statefulset.apps/database", "statefulset.apps/object-store"} <= found
    # What makes the compute's pods, and the kinds that it knows, which were not there.
    assert "deployment.apps/training-operator" in found
    environment.access.kubectl("get", "customresourcedefinitions", *KINDS)
    for program in BOTH:
        made = [one for one in environment.exported(program) if "kubernetes:" in one["type"]]
        print(f"{program}: {len(made)} resources of the cluster")
        assert list((environment.folder / "exports").glob(f"{ENVIRONMENT}-{program}-*.json"))


def test_a_second_up_and_a_preview_change_nothing(environment: Platform) -> None:
    started = time.monotonic()
    environment("make", "preview", **SAME)
    between = time.monotonic()
    # The engine looks before it leaps; it has just done that.
    environment("make", "up", **SAME, PULUMI_OPTION_SKIP_PREVIEW="true")
    print(f"preview {between - started:.0f} s, second up {time.monotonic() - between:.0f} s")


def test_another_image_of_a_server_changes_its_deployment(environment: Platform) -> None:
    key = f"{environment.product}-platform:images"
    path = environment.folder / "platform" / f"Pulumi.{ENVIRONMENT}.yaml"
    images = yaml.safe_load(path.read_text("utf-8"))["config"][key]
    changed = {**images, REGISTRY: f"{environment.product}-{REGISTRY}:0.2.0"}
    environment.configure("platform", **{key: changed})
    assert changes(environment, "platform") == [("update", f"Deployment {REGISTRY}")]


def test_another_image_of_the_release_changes_one_deployment(environment: Platform) -> None:
    tree = environment.folder / "release" / ENVIRONMENT
    path = tree / "common" / "kustomization.yaml"
    rules = yaml.safe_load(path.read_text("utf-8"))
    (image,) = (one for one in rules["images"] if one["name"].endswith(f"-{SERVING}"))
    image["newTag"] = "0.2.0"
    path.write_text(yaml.safe_dump(rules, sort_keys=False), "utf-8")
    # The batch step of the workflows runs in the same image.
    named = [one for one in documents(tree) if f"{image['newName']}:0.2.0" in json.dumps(one)]
    assert [one["kind"] for one in named].count("Deployment") == 1
    wanted = [f"{one['kind']} {one['metadata']['name']}-{one['kind'].lower()}" for one in named]
    found = changes(environment, "platform")
    assert sorted(found) == sorted(("update", one) for one in wanted)


def test_what_was_changed_by_hand_is_found_and_mended(environment: Platform) -> None:
    kubectl, space = environment.access.kubectl, f"--namespace={environment.namespace}"
    patch = '{"data":{"FLIGHT_DELAYS_REGISTRY":"http://elsewhere:5000"}}'
    kubectl("patch", "configmap", "connections", space, f"--patch={patch}", "--type=merge")
    kubectl("delete", "configmap", "metrics-rules", space)
    preview = environment.verb("preview", "platform")
    assert environment.try_(*preview, **SAME, **REFRESHED).returncode
    done = changes(environment, "platform", **REFRESHED)
    # In place: deleted and made anew, it would be away when a pod starts.
    assert ("update", "ConfigMap connections") in done
    assert ("create", "ConfigMap metrics-rules") in done
    assert environment.get("configmap", "metrics-rules")
    environment(*preview, **SAME, **REFRESHED)


def test_no_secret_stands_in_clear(environment: Platform) -> None:
    hidden = [one for program in BOTH for one in environment.passwords(program)]
    assert len(hidden) > 5
    shown = environment(*environment.verb("preview", "platform"))
    files = [*environment.folder.rglob("*.json*"), *environment.folder.rglob("*.yaml")]
    files += [environment.folder / "said", *environment.folder.glob("exports/*")]
    files += [one for one in (environment.folder / ".state").rglob("*") if one.is_file()]
    texts = {str(one): one.read_text("utf-8", "replace") for one in files if _kept(one)}
    texts["what preview says"] = shown
    told = [name for name, text in texts.items() if any(one in text for one in hidden)]
    assert told == []
    assert any(".state" in name for name in texts)


def _kept(path: Path) -> bool:
    return path.is_file() and ".venv" not in path.parts


def test_destroy_leaves_what_is_retained(environment: Platform) -> None:
    started = time.monotonic()
    environment("make", "destroy")
    print(f"destroy: {time.monotonic() - started:.0f} s")
    assert left(environment) == set()
    assert environment.objects() == set()
    assert not any(environment.exported(program) for program in BOTH)
    # With them would go what other environments have of these kinds.
    environment.access.kubectl("get", "customresourcedefinitions", *KINDS)
