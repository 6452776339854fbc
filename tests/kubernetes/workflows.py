"""The controller of workflows, for as long as a test needs it, and images for the steps.

The controller is the real one, a process of the node beside its pods, with the rights that its
makers publish for it and no others. What it puts into a step's pod is the real one as well.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import servers
import yaml

from bed import build, images, pins, standins
from bed.access import Access
from bed.api import Api
from bed.archive import Image, write
from bed.house import House

NAMESPACE, WHO = "argo", "argo"
RIGHTS = "manifests/cluster-install-no-crds/workflow-controller-rbac"
EXECUTOR = f"quay.io/argoproj/argoexec:{pins.version(pins.WORKFLOWS.folder, pins.ARGO)}"
# Nobody's time: what is said in it must not be taken for the world's.
ZONE = "Asia/Kolkata"


@contextmanager
def controller(access: Access, folder: Path) -> Iterator[Path]:
    """It runs workflows for the time of the block; the file with what it says."""
    assert access.state
    build.provide([pins.WORKFLOWS])
    standins.give(access, EXECUTOR)
    _entitle(access)
    user = Api(access.state).user(f"system:serviceaccount:{NAMESPACE}:{WHO}")
    house = House(access.state)
    house.enter()
    command = (
        *house.door,
        str(pins.WORKFLOWS.program("workflow-controller")),
        f"--kubeconfig={user}",
        f"--namespace={NAMESPACE}",
        f"--executor-image={EXECUTOR}",
        "--executor-image-pull-policy=IfNotPresent",
    )
    variables = {
        "LEADER_ELECTION_DISABLE": "true",
        # It looks often, as a test waits for it.
        "CRON_SYNC_PERIOD": "1s",
        "DEFAULT_REQUEUE_TIME": "1s",
        "TZ": ZONE,
        "HOME": str(access.state.folder),
        "PATH": os.environ["PATH"],
    }
    with servers.running(command, folder, variables):
        yield folder / "said"


def _entitle(access: Access) -> None:
    """Give it the rights that it is published with; its settings are the defaults."""
    head = {"name": NAMESPACE}
    access.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": head})
    settings = {"name": "workflow-controller-configmap", "namespace": NAMESPACE}
    access.kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": settings})
    published = build.fetched(pins.ARGO, pins.WORKFLOWS.folder) / RIGHTS
    for path in sorted(published.glob("workflow-controller-*.yaml")):
        rights = yaml.safe_load(path.read_text("utf-8"))
        for subject in rights.get("subjects", ()):
            subject["namespace"] = NAMESPACE
        if not rights["kind"].startswith("Cluster"):
            rights["metadata"]["namespace"] = NAMESPACE
        access.kubectl.apply(rights)


def give(access: Access, names: Mapping[str, str], script: str) -> None:
    """Images under these names, each with the script as the one command that is its value."""
    assert access.state
    shell = images.busybox_program()
    # What a node reads is in its cluster's folder: it has a /tmp of its own.
    path, archive = access.state.folder / "step", access.state.folder / "step.tar"
    path.write_text(script, "utf-8")
    for name, command in names.items():
        programs = {"bin/busybox": shell, f"bin/{command}": path}
        write(Image(name, ("/bin/sh",), programs, images.busybox_links(shell), ("tmp",)), archive)
        access.load(archive)
