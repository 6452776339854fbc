"""A family with an environment in an account of a cloud, beside one in a cluster or alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from files import changes

from ninefold.plan import prepare
from ninefold.spec.technologies import SLOTS

from rendering import alone, example

ACCOUNT = {"target": "aws", "size": "medium"}
BOTH, ALONE = ("dev", "staging"), ("dev",)
# Of the repository's tests those that run its programs.
OWN = ("tests/test_foundation.py", "tests/test_platform.py")


@pytest.mark.parametrize("others", [BOTH, ALONE])
def test_its_platform_repository_passes_its_own_tests(
    others: tuple[str, ...], tmp_path: Path
) -> None:
    spec = example()
    kept = {name: spec["environments"][name] for name in others}
    spec["environments"] = {**kept, "prod": ACCOUNT}
    path = tmp_path / "product.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), "utf-8")
    planned = prepare(path).spec
    repository = alone(spec, "platform", tmp_path / "platform")

    document = yaml.safe_load((repository / "platform" / "Pulumi.prod.yaml").read_text("utf-8"))
    chosen = document["config"]["flight-delays-platform:technologies"]
    technologies = {slot.path: planned.technologies.chosen_for(slot, "aws") for slot in SLOTS}
    assert chosen == {slot: name for slot, name in technologies.items() if name}
    assert chosen["orchestration"] == "argo-workflows"

    # Without the keys of a store, pods start, and are somebody.
    path = repository / "release/prod/serving/serving.yaml"
    tree = list(yaml.safe_load_all(path.read_text("utf-8")))
    pod = tree[0]["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "serving"
    (container,) = pod["containers"]
    keys = [one["valueFrom"]["secretKeyRef"] for one in container["env"] if "valueFrom" in one]
    optional = {one["name"] for one in keys if one.get("optional")}
    assert optional == {"object-store"} < {one["name"] for one in keys}

    assert not changes(repository)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *OWN],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
