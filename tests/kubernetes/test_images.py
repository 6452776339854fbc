"""A rendered Containerfile becomes an image as it is, without a registry, and runs on the node."""

import os
from pathlib import Path

import pytest
from conftest import Workshop

from bed import builder
from bed.access import Access
from rendering import Family, call, copy
from workloads import pod

IMAGE = "docker.io/library/flight-delays-product:test"


def test_a_rendered_containerfile_runs_as_a_pod(
    node: Access, namespace: Workshop, family: Family, tmp_path: Path
) -> None:
    if not node.state or os.geteuid() != 0:
        pytest.skip("optional: images are built for nodes of our own")
    folder = copy(family.repository("product"), tmp_path / "product")
    before = (folder / "Containerfile").read_bytes()
    call("uv", "lock", "--quiet", at=folder)
    node.load(builder.image(folder, IMAGE))
    assert (folder / "Containerfile").read_bytes() == before
    place = namespace(node)
    once = pod("product", "", place, restartPolicy="Never")
    container = once["spec"]["containers"][0]
    container |= {"image": IMAGE, "command": ["flight-delays-product", "--help"]}
    container["resources"] = {"limits": {"cpu": "1", "memory": "512Mi"}}
    once["spec"]["securityContext"]["runAsUser"] = 1000
    node.kubectl.apply(once)
    done = "--for=jsonpath={.status.phase}=Succeeded"
    node.kubectl("wait", f"--namespace={place}", "pod/product", done, "--timeout=120s")
    assert "usage" in node.kubectl("logs", f"--namespace={place}", "product").lower()
