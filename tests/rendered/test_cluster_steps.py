"""Which steps of the workflow in a cluster are objects of the compute, by what computes there."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from rendering import alone, example


def templates(compute: Any, into: Path) -> dict[str, Any]:
    """The templates of the rendered pipeline, by name."""
    spec = example()
    spec["technologies"]["training"]["compute"] = compute
    alone(spec, "platform", into)
    tree = yaml.safe_load((into / "release/pipeline/pipeline.yaml").read_text("utf-8"))
    return {one["name"]: one for one in tree["spec"]["templates"]}


@pytest.mark.parametrize("compute", ["ray", {"local": "processes", "kubernetes": "ray"}])
def test_the_compute_takes_the_step_that_computes(compute: Any, tmp_path: Path) -> None:
    found = templates(compute, tmp_path)
    assert [name for name, one in found.items() if "resource" in one] == ["train"]
    assert found["train-in-pod"]["container"]["args"] == ["train"]
    assert yaml.safe_load(found["train"]["resource"]["manifest"])["kind"] == "RayJob"


@pytest.mark.parametrize("compute", ["processes", {"local": "ray", "kubernetes": "processes"}])
def test_without_such_a_compute_every_step_is_a_container(compute: Any, tmp_path: Path) -> None:
    found = templates(compute, tmp_path)
    assert [name for name, one in found.items() if "container" not in one] == ["pipeline"]
    assert found["train"]["container"]["args"] == ["train"]
    assert "train-in-pod" not in found


def test_what_argo_puts_beside_a_step_is_restricted_as_well(tmp_path: Path) -> None:
    """The controller's own containers have no security context, and steps would need a look-up."""
    found = templates("processes", tmp_path)
    steps = {name: one for name, one in found.items() if "container" in one}
    assert steps
    for step in steps.values():
        (command,) = step["container"]["command"]
        assert command.startswith("flight-delays-")
        patch = yaml.safe_load(step["podSpecPatch"])
        (before,), (beside,) = patch["initContainers"], patch["containers"]
        assert (before["name"], beside["name"]) == ("init", "wait")
        for one in (before, beside):
            assert one["securityContext"]["allowPrivilegeEscalation"] is False
            assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            # Whose user it is, is said once for the pod.
            assert "runAsUser" not in one["securityContext"]
