"""The release objects are read as Kustomize reads them, and other words are refused."""

from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.platform.release import apply, documents

from registration import Program

POD = {"containers": [{"name": "main", "image": "service"}], "initContainers": [{"image": "a/b:1"}]}
OBJECTS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "service"}, "spec": {"ports": []}},
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "service"},
        "spec": {"template": {"spec": POD}},
    },
]


def tree(folder: Path, **rules: Any) -> Path:
    """A tree of an environment and a folder beside it."""
    for name, document in (("here", OBJECTS[0]), ("beside", OBJECTS[1])):
        (folder / name).mkdir(parents=True)
        (folder / name / "object.yaml").write_text(yaml.safe_dump(document))
    kind = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    (folder / "beside/kustomization.yaml").write_text(
        yaml.safe_dump({**kind, "resources": ["object.yaml"]})
    )
    (folder / "here/kustomization.yaml").write_text(
        yaml.safe_dump({**kind, "resources": ["object.yaml", "../beside"], **rules})
    )
    return folder / "here"


def patched(*changes: dict[str, Any]) -> dict[str, Any]:
    """Rules that change every Deployment."""
    patch = {"target": {"kind": "Deployment"}, "patch": yaml.safe_dump(list(changes))}
    return {"patches": [patch]}


def images(found: list[dict[str, Any]]) -> list[str]:
    pod = found[1]["spec"]["template"]["spec"]
    return [one["image"] for one in (*pod["containers"], *pod["initContainers"])]


def test_the_objects_of_the_tree_get_namespace_and_images(tmp_path: Path) -> None:
    rules = [
        {"name": "service", "newName": "registry.example.com/team/service", "newTag": "2"},
        {"name": "a/b", "digest": "sha256:" + "0" * 64},
    ]
    labels = [{"pairs": {"environment": "here"}}]
    found = documents(tree(tmp_path, namespace="home", images=rules, labels=labels))
    assert [one["kind"] for one in found] == ["Service", "Deployment"]
    assert {one["metadata"]["namespace"] for one in found} == {"home"}
    assert all(one["metadata"]["labels"] == {"environment": "here"} for one in found)
    assert images(found) == [
        "registry.example.com/team/service:2",
        "a/b@sha256:" + "0" * 64,
    ]


def test_a_patch_adds_and_removes_in_the_kind_that_it_names(tmp_path: Path) -> None:
    rules = patched(
        {"op": "remove", "path": "/spec/template/spec/initContainers"},
        {"op": "add", "path": "/spec/template/spec/imagePullSecrets", "value": [{"name": "a"}]},
    )
    first, second = documents(tree(tmp_path, **rules))
    assert first["spec"] == OBJECTS[0]["spec"]
    pod = second["spec"]["template"]["spec"]
    assert pod == {"containers": POD["containers"], "imagePullSecrets": [{"name": "a"}]}


def test_an_image_that_is_not_named_stays(tmp_path: Path) -> None:
    rules = [{"name": "b", "newTag": "2"}, {"name": "servic", "newTag": "3"}]
    assert images(documents(tree(tmp_path, images=rules))) == ["service", "a/b:1"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"replacements": []}, "`replacements` is not read here; keep to"),
        (
            patched({"op": "remove", "path": "/spec/template/spec/fsGroup"}),
            "cannot remove /spec/template/spec/fsGroup of Deployment service; keep to",
        ),
        (patched({"op": "add", "path": "/spec/gone/fsGroup", "value": 1}), "cannot add /spec/gone"),
        (patched({"op": "move", "path": "/spec/template"}), "cannot move /spec/template of"),
        ({"resources": ["gone.yaml"]}, "gone.yaml is missing; remove it"),
    ],
)
def test_what_would_be_left_out_silently_is_refused(
    tmp_path: Path, rules: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        documents(tree(tmp_path, **rules))
    assert words in str(refused.value)


def test_a_tree_that_is_missing_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing; update"):
        documents(tmp_path)
    (tmp_path / "kustomization.yaml").write_text("resources: [")
    with pytest.raises(ConfigError, match="mend the file"):
        documents(tmp_path)


def test_every_object_becomes_a_resource_of_its_kind(tmp_path: Path) -> None:
    folder = tree(tmp_path, namespace="home")

    def program() -> None:
        apply(folder, pulumi.ResourceOptions())

    made = Program(program, "flight-delays-platform", "staging", {}).run()
    assert sorted((one.type, one.name) for one in made.registered) == [
        ("kubernetes:apps/v1:Deployment", "service-deployment"),
        ("kubernetes:core/v1:Service", "service-service"),
    ]
    assert made.one("Deployment")["spec"] == {"template": {"spec": POD}}
