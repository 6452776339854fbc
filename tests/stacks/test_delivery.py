"""Whoever delivers, the tree has one owner, and the owner may change the tree and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.platform.release import FILE, documents

from deployed import ENVIRONMENT, delivered
from emitted import World, head, namespace
from rendering import Family, alone, copy, delivering_family, example

REPOSITORY = "https://git.example.org/flights/platform.git"
STATED = {"cicd:repository": REPOSITORY}
CONTROLLERS = ("argo-cd", "flux")
PLACE = f"flight-delays-{ENVIRONMENT}"


@pytest.fixture(scope="module")
def delivering() -> Family:
    return delivering_family("argo-cd")


def tree(family: Family) -> Path:
    return family.repository("platform") / "release" / ENVIRONMENT


def identities(objects: Any) -> list[tuple[str, str]]:
    return sorted((one["kind"], one["metadata"]["name"]) for one in objects)


def made(judged: World, kind: str) -> Any:
    (found,) = [one.inputs for one in judged.objects if one.kind == kind]
    return found


def test_the_program_delivers_all_of_the_tree_once(family: Family) -> None:
    there = [(one.kind, head(one)["name"]) for one in delivered(family, "pulumi").objects]
    for one in identities(documents(tree(family))):
        assert there.count(one) == 1, one


def owned(judged: World) -> set[tuple[str, str, str]]:
    return {(one.kind, namespace(one), head(one)["name"]) for one in judged.objects}


def stated(folder: Path) -> set[tuple[str, str, str]]:
    found = documents(folder)
    named = {(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]) for one in found}
    assert len(named) == len(found)
    return named


def test_no_object_has_two_owners_with_one_application_for_each_part(delivering: Family) -> None:
    folder = tree(delivering)
    made_ = owned(delivered(delivering, "argo-cd", STATED))
    root = stated(folder / "applications")
    parts = [stated(place(delivering, one)) for one in documents(folder / "applications")]
    assert {kind for kind, _, _ in root} == {"Application"}
    assert len(root) == len(parts) == 2
    sets = [made_, root, *parts]
    assert sum(map(len, sets)) == len(set().union(*sets))
    # Together they have the whole tree, and nothing else.
    assert set().union(*parts) == stated(folder)


def test_no_object_has_two_owners_with_a_kustomization_for_each_part(family: Family) -> None:
    judged = delivered(family, "flux", STATED)
    applied = [one.inputs for one in judged.objects if one.kind == "Kustomization"]
    root = family.repository("platform")
    parts = [stated(root / one["spec"]["path"]) for one in applied]
    assert len(parts) == 2
    sets = [owned(judged), *parts]
    assert sum(map(len, sets)) == len(set().union(*sets))
    assert set().union(*parts) == stated(tree(family))


def place(family: Family, application: Any) -> Path:
    """The folder that an application of the tree follows."""
    return family.repository("platform") / str(application["spec"]["source"]["path"])


def test_the_project_lets_one_repository_change_the_kinds_of_its_tree(delivering: Family) -> None:
    judged = delivered(delivering, "argo-cd", STATED)
    project = made(judged, "AppProject")
    assert project["metadata"]["namespace"] == "argocd"
    bounds = project["spec"]
    assert bounds["sourceRepos"] == [REPOSITORY]
    assert [one["namespace"] for one in bounds["destinations"]] == [PLACE]
    # Who else may use it, beside the controller's own namespace: exactly one, and no pattern.
    assert bounds["sourceNamespaces"] == [PLACE]
    assert bounds["clusterResourceWhitelist"] == []
    allowed = {(one["group"], one["kind"]) for one in bounds["namespaceResourceWhitelist"]}
    assert allowed == {("argoproj.io", "Application")} | {
        (one["apiVersion"].rpartition("/")[0], one["kind"]) for one in documents(tree(delivering))
    }
    assert not {"*", "Secret", "Role", "Namespace", "AppProject"} & {kind for _, kind in allowed}


def test_the_root_follows_the_applications_and_tells_them_whom(delivering: Family) -> None:
    judged = delivered(delivering, "argo-cd", {**STATED, "cicd:branch": "released"})
    application, name = made(judged, "Application"), made(judged, "AppProject")["metadata"]["name"]
    assert application["metadata"]["namespace"] == "argocd"
    spec = application["spec"]
    assert spec["project"] == name != "default"
    source = spec["source"]
    assert source["path"] == f"release/{ENVIRONMENT}/applications"
    followed = {"repoURL": REPOSITORY, "targetRevision": "released"}
    assert {key: source[key] for key in followed} == followed
    (patch,) = source["kustomize"]["patches"]
    assert patch["target"] == {"group": "argoproj.io", "kind": "Application"}
    changes = yaml.safe_load(patch["patch"])
    assert {one["path"]: one["value"] for one in changes} == {
        f"/spec/source/{key}": value for key, value in followed.items()
    }
    assert spec["destination"]["namespace"] == PLACE
    assert spec["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    assert judged.outputs["components"]["cicd.application"] == application["metadata"]["name"]


def test_the_applications_of_the_tree_are_the_products_and_mend_it(delivering: Family) -> None:
    project = made(delivered(delivering, "argo-cd", STATED), "AppProject")["metadata"]["name"]
    applications = documents(tree(delivering) / "applications")
    assert [one["metadata"]["name"] for one in applications] == ["serving", "pipeline"]
    for one in applications:
        assert one["metadata"]["namespace"] == PLACE
        spec = one["spec"]
        assert (spec["project"], spec["destination"]["namespace"]) == (project, PLACE)
        assert spec["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
        assert "FailOnSharedResource=true" in spec["syncPolicy"]["syncOptions"]


def test_a_challenger_is_an_application_of_its_own_when_it_is_named(
    delivering: Family, tmp_path: Path
) -> None:
    both = Family(tmp_path, delivering.name)
    copy(delivering.repository("platform"), both.repository("platform"))
    for path in (tree(both) / FILE, tree(both) / "applications" / FILE):
        text = path.read_text("utf-8")
        assert text.count("# - challenger") == 1
        path.write_text(text.replace("# - challenger", "- challenger"), "utf-8")
    applications = documents(tree(both) / "applications")
    found = {one["metadata"]["name"]: stated(place(both, one)) for one in applications}
    assert set(found) == {"serving", "pipeline", "challenger"}
    assert ("Deployment", PLACE, "serving-challenger") in found["challenger"]
    assert set().union(*found.values()) == stated(tree(both))


def test_the_applications_are_rendered_for_their_controller_only(family: Family) -> None:
    assert not (tree(family) / "applications").exists()
    with pytest.raises(ConfigError, match="is missing; update the repository"):
        delivered(family, "argo-cd", STATED)


def windows(family: Family, **asked: str) -> Any:
    more = {f"cicd:{name}": value for name, value in asked.items()}
    judged = delivered(family, "argo-cd", {**STATED, **more})
    return made(judged, "AppProject")["spec"]["syncWindows"]


def test_production_may_change_in_its_windows_only(delivering: Family) -> None:
    (window,) = windows(
        delivering, window="0 8 * * 1-4", window_hours="6", window_zone="Europe/Berlin"
    )
    assert (window["kind"], window["schedule"]) == ("allow", "0 8 * * 1-4")
    assert (window["duration"], window["timeZone"]) == ("6h", "Europe/Berlin")
    assert window["applications"] == ["*"]  # of the project: the root, and what it makes
    assert window["manualSync"] is True
    assert windows(delivering) == windows(delivering, window="always") == []
    with pytest.raises(ConfigError, match="cicd:window"):
        windows(delivering, window="by day")


def test_the_window_of_production_stands_in_its_configuration(tmp_path: Path) -> None:
    spec = example()
    spec["technologies"]["cicd"]["delivery"] = {"kubernetes": "argo-cd", "aws": "pulumi"}
    cluster = dict(spec["environments"][ENVIRONMENT])
    spec["environments"] |= {"prod": cluster, "prod-us": {**cluster, "target": "aws"}}
    family = Family(tmp_path, "flight-delays")
    folder = alone(spec, "platform", family.repository("platform")) / "platform"

    def named(environment: str) -> dict[str, Any]:
        text = (folder / f"Pulumi.{environment}.yaml").read_text("utf-8")
        config = yaml.safe_load(text)["config"]
        return {name: one for name, one in config.items() if name.startswith("cicd:")}

    wanted = {"cicd:window": "0 8 * * 1-4", "cicd:window_hours": 8, "cicd:window_zone": "UTC"}
    assert named("prod") == wanted
    assert named(ENVIRONMENT) == named("prod-us") == {}
    told = {name.removeprefix("cicd:"): str(one) for name, one in wanted.items()}
    (window,) = windows(family, **told)
    assert (window["schedule"], window["duration"]) == ("0 8 * * 1-4", "8h")


def test_the_controllers_act_as_one_that_may_change_the_kinds_of_the_tree(family: Family) -> None:
    judged = delivered(family, "flux", {**STATED, "cicd:credentials": "git"})
    fetched = made(judged, "GitRepository")
    assert fetched["spec"]["url"] == REPOSITORY
    assert fetched["spec"]["secretRef"] == {"name": "git"}
    applied = [one.inputs["spec"] for one in judged.objects if one.kind == "Kustomization"]
    assert all(one["prune"] is True and one["wait"] is True for one in applied)
    (name,) = {one["serviceAccountName"] for one in applied}
    rules = [
        rule
        for one in judged.objects
        if one.kind == "Role" and head(one)["name"] == name
        for rule in one.inputs["rules"]
    ]
    allowed = {
        (group, what) for one in rules for group in one["apiGroups"] for what in one["resources"]
    }
    assert {what for _, what in allowed} == {
        "cronworkflows", "deployments", "horizontalpodautoscalers", "httproutes",
        "poddisruptionbudgets", "services", "workflowtemplates",
    }  # fmt: skip
    assert "" in {group for group, _ in allowed}


def test_what_is_in_no_part_is_refused(family: Family, tmp_path: Path) -> None:
    """Applied alone, it would lack namespace and images."""
    other = Family(tmp_path, family.name)
    copy(family.repository("platform"), other.repository("platform"))
    path = tree(other) / FILE
    path.write_text(path.read_text("utf-8") + "  - ../challenger\n", "utf-8")
    with pytest.raises(ConfigError, match=r"\.\./challenger is no folder of its own; put it into"):
        delivered(other, "flux", STATED)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_a_repository_that_is_missing_is_asked_for(delivering: Family, name: str) -> None:
    with pytest.raises(ConfigError, match="`cicd:repository` is missing"):
        delivered(delivering, name)
    with pytest.raises(ConfigError, match="cicd:repository"):
        delivered(delivering, name, {"cicd:repository": "the platform's"})
