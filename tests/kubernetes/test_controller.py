"""The policies of the controller's own pods are one with those that its manifests bring."""

import json
from typing import Any

import pytest
import yaml

from bed import build, pins
from bed.access import Access
from bed.places import SOURCES
from deployed import delivered
from emitted import namespace
from rendering import delivering_family

HERE = "argocd"
STATED = {"cicd:repository": "https://git.example.org/flights/platform.git"}
LIST = {"apiVersion": "v1", "kind": "List"}
APPLY = ("apply", "--server-side", "--filename=-", "--output=json")


@pytest.fixture(scope="module")
def ours() -> list[Any]:
    made = delivered(delivering_family("argo-cd"), "argo-cd", STATED).of("NetworkPolicy")
    return [one.inputs for one in made if namespace(one) == HERE]


def shipped() -> list[Any]:
    """The policies of the controller's own manifests, where all its parts are installed."""
    pinned, _ = pins.DELIVERY_KINDS[pins.ARGO_CD]
    base = build.fetched(pins.ARGO_CD, SOURCES / pinned) / "manifests" / "base"
    found = [yaml.safe_load(one.read_text("utf-8")) for one in base.rglob("*network-policy.yaml")]
    return [{**one, "metadata": {**one["metadata"], "namespace": HERE}} for one in found]


def test_there_is_one_policy_of_each_whoever_came_first(api: Access, ours: list[Any]) -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HERE}}
    api.kubectl.apply(space)
    theirs = shipped()
    assert len(theirs) > 5
    api.kubectl("apply", "--filename=-", given=json.dumps({**LIST, "items": theirs}))
    # Nothing is forced: who says the same owns it together. Two environments' programs do.
    for manager in ("one-environment", "another"):
        for one in ours:
            api.kubectl(*APPLY, f"--field-manager={manager}", given=json.dumps(one))
    live = json.loads(api.kubectl("get", "networkpolicies", f"--namespace={HERE}", "-ojson"))
    names = sorted(one["metadata"]["name"] for one in theirs)
    assert sorted(one["metadata"]["name"] for one in live["items"]) == names
    changed = json.loads(json.dumps(ours[0]))
    changed["spec"]["ingress"] = []
    done = api.kubectl.try_(*APPLY, "--field-manager=a-third", given=json.dumps(changed))
    assert done.returncode and "conflict" in done.stderr
