"""A kubelet's and a provisioner's place, taken where no node is: pods are ready, volumes are bound.

The controllers are Kubernetes' own. They make the pods, and find them ready as they would on a
node, so that what the engine waits for comes to pass in its own way, or does not. Services lead to
no pod: without a node that it is on, none has an address for them.
"""

import json
import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

from bed.client import Kubectl

COMPONENT = "app.kubernetes.io/component"
EVERY = 0.3  # seconds
NOW = "2026-01-01T00:00:00Z"
CONDITIONS = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany")


@contextmanager
def kubelet(
    kubectl: Kubectl, namespace: str, idle: Container[str] = (), broken: Container[str] = ()
) -> Iterator[None]:
    """Stands in for the time of the block.

    Pods of the workloads `idle` run, but are not ready; nor are those of the images `broken`.
    """
    ended = threading.Event()

    def stand() -> None:
        while not ended.wait(EVERY):
            asked = ("get", "pods,pvc", f"--namespace={namespace}", "--output=json")
            said = kubectl.try_(*asked).stdout
            for one in json.loads(said)["items"] if said else ():
                if one["kind"] == "Pod":
                    images = {each["image"] for each in one["spec"]["containers"]}
                    is_ready = one["metadata"]["labels"].get(COMPONENT) not in idle
                    is_ready &= not any(each in broken for each in images)
                    if is_ready != _is_ready(one):
                        _run(kubectl, one, is_ready)
                elif one["status"].get("phase") == "Pending":
                    _provide(kubectl, one)

    thread = threading.Thread(target=stand, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _is_ready(pod: Any) -> bool | None:
    """Nothing where nobody has said it yet."""
    said = {one["type"]: one["status"] for one in pod["status"].get("conditions", [])}
    return said["Ready"] == "True" if "Ready" in said else None


def _run(kubectl: Kubectl, pod: Any, is_ready: bool) -> None:
    head, address = pod["metadata"], "192.0.2.1"
    ready = [
        {"type": one, "status": str(is_ready or "Ready" not in one), "lastTransitionTime": NOW}
        for one in CONDITIONS
    ]
    running = {"running": {"startedAt": NOW}}
    containers = [
        {"name": one["name"], "image": one["image"], "ready": is_ready, "started": True}
        | {"imageID": "", "restartCount": 0, "state": running}
        for one in pod["spec"]["containers"]
    ]
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "startTime": NOW}
    status |= {"conditions": ready, "containerStatuses": containers}
    kubectl.try_(
        *("patch", "pod", head["name"], f"--namespace={head['namespace']}", "--type=merge"),
        *("--subresource=status", f"--patch={json.dumps({'status': status})}"),
    )


def _provide(kubectl: Kubectl, claim: Any) -> None:
    """A volume for one claim; it goes when its namespace is made anew, or with the cluster."""
    head = claim["metadata"]
    spec = {
        "capacity": claim["spec"]["resources"]["requests"],
        "accessModes": MODES,
        "storageClassName": claim["spec"].get("storageClassName", ""),
        "claimRef": {key: head[key] for key in ("namespace", "name", "uid")},
        "hostPath": {"path": f"/nonexistent/{head['uid']}"},
    }
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "spec": spec}
    volume["metadata"] = {"name": f"standin-{head['uid']}", "labels": {"standin": "true"}}
    kubectl.try_("create", "--filename=-", given=json.dumps(volume))
