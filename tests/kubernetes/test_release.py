"""The release tree is read by the platform's program as Kustomize itself reads it."""

import json
from collections.abc import Iterable
from pathlib import Path

import yaml

from ninefold_stacks.platform.release import FILE, Document, documents

from bed.access import Access
from deployed import ENVIRONMENT
from rendering import Family, alone, copy, example


def parts_of(whole: Path) -> list[str]:
    return list(yaml.safe_load(whole.read_text("utf-8"))["resources"])


def listed(found: Iterable[Document]) -> dict[str, str]:
    """Each object by kind and name, as text that does not depend on the order of its keys."""
    return {
        f"{one['kind']} {one['metadata']['name']}": json.dumps(one, sort_keys=True) for one in found
    }


def test_our_reading_of_the_tree_is_that_of_kustomize(
    api: Access, family: Family, tmp_path: Path
) -> None:
    tree = copy(family.repository("platform") / "release", tmp_path / "release")
    whole, rules = (tree / ENVIRONMENT / one for one in (FILE, f"common/{FILE}"))
    digest = f"digest: sha256:{'0' * 64}"
    # The challenger, and an image by its digest.
    named = whole.read_text("utf-8").replace("# - challenger", "- challenger")
    assert named.count("- challenger") == 1
    whole.write_text(named, "utf-8")
    rules.write_text(rules.read_text("utf-8").replace("newTag: 0.1.0", digest, 1), "utf-8")
    theirs = api.kubectl("kustomize", str(tree / ENVIRONMENT))
    wanted = [one for one in yaml.safe_load_all(theirs) if one]
    assert len(wanted) > 10
    assert listed(documents(tree / ENVIRONMENT)) == listed(wanted)
    # Part by part it is the same: whoever applies them one by one applies all of it, once.
    each = [documents(tree / ENVIRONMENT / part) for part in parts_of(whole)]
    assert len(each) == 3
    assert [listed(part) for part in each] == [
        listed(yaml.safe_load_all(api.kubectl("kustomize", str(tree / ENVIRONMENT / part))))
        for part in parts_of(whole)
    ]
    assert sum(map(len, each)) == len(wanted)
    assert listed(one for part in each for one in part) == listed(wanted)


def test_what_a_cluster_asks_of_pods_is_read_as_well(api: Access, tmp_path: Path) -> None:
    spec = example()
    spec["environments"][ENVIRONMENT] |= {"image_pull_secret": "registry", "assigned_uids": True}
    tree = alone(spec, "platform", tmp_path) / "release" / ENVIRONMENT
    theirs = api.kubectl("kustomize", str(tree))
    assert "imagePullSecrets" in theirs and "fsGroup" not in theirs.replace("fsGroupChange", "")
    assert listed(documents(tree)) == listed(yaml.safe_load_all(theirs))
