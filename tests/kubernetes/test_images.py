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
# The image's own user, and one as a cluster assigns it: without a name, of group 0.
USERS = {"own": {"runAsUser": 1000}, "assigned": {"runAsUser": 1000710000, "runAsGroup": 0}}
WRITE = """
set -e
python -c 'import getpass; getpass.getuser()'
touch "$HOME/word" /var/lib/flight-delays/word
exec flight-delays-product --help
"""


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
    for name, user in USERS.items():
        once = pod(name, WRITE, place, restartPolicy="Never")
        container = once["spec"]["containers"][0]
        container |= {"image": IMAGE, "resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}
        once["spec"]["securityContext"] |= user
        node.kubectl.apply(once)
    done = "--for=jsonpath={.status.phase}=Succeeded"
    for name in USERS:
        node.kubectl("wait", f"--namespace={place}", f"pod/{name}", done, "--timeout=120s")
        assert "usage" in node.kubectl("logs", f"--namespace={place}", name).lower()
