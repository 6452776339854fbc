"""The release tree is read by the platform's program as Kustomize itself reads it."""

import json
from pathlib import Path

import yaml

from ninefold_stacks.platform.release import Document, documents

from bed.access import Access
from deployed import ENVIRONMENT
from rendering import Family, alone, copy, example


def named(found: list[Document]) -> dict[str, str]:
    """Each object by kind and name, as text that does not depend on the order of its keys."""
    return {
        f"{one['kind']} {one['metadata']['name']}": json.dumps(one, sort_keys=True) for one in found
    }


def test_our_reading_of_the_tree_is_that_of_kustomize(
    api: Access, family: Family, tmp_path: Path
) -> None:
    tree = copy(family.repository("platform") / "release", tmp_path / "release")
    rules = tree / ENVIRONMENT / "kustomization.yaml"
    text = rules.read_text("utf-8")
    digest = f"digest: sha256:{'0' * 64}"
    # The challenger, and an image by its digest.
    changed = text.replace("# - ../challenger", "- ../challenger").replace(
        "newTag: 0.1.0", digest, 1
    )
    assert changed.count("- ../challenger") == 1
    rules.write_text(changed, "utf-8")
    theirs = api.kubectl("kustomize", str(tree / ENVIRONMENT))
    wanted = [one for one in yaml.safe_load_all(theirs) if one]
    assert len(wanted) > 10
    assert named(documents(tree / ENVIRONMENT)) == named(wanted)


def test_what_a_cluster_asks_of_pods_is_read_as_well(api: Access, tmp_path: Path) -> None:
    spec = example()
    spec["environments"][ENVIRONMENT] |= {"image_pull_secret": "registry", "assigned_uids": True}
    tree = alone(spec, "platform", tmp_path) / "release" / ENVIRONMENT
    theirs = api.kubectl("kustomize", str(tree))
    assert "imagePullSecrets" in theirs and "fsGroup" not in theirs.replace("fsGroupChange", "")
    assert named(documents(tree)) == named([one for one in yaml.safe_load_all(theirs) if one])
