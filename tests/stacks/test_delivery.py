"""Whoever delivers, the tree has one owner, and the owner may change the tree and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.platform.release import documents

from deployed import ENVIRONMENT, delivered
from emitted import World, head, namespace
from rendering import Family, alone, example

REPOSITORY = "https://git.example.org/flights/platform.git"
STATED = {"cicd:repository": REPOSITORY}
CONTROLLERS = ("argo-cd", "flux")
PLACE = f"flight-delays-{ENVIRONMENT}"


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


@pytest.mark.parametrize("name", CONTROLLERS)
def test_no_object_has_two_owners(family: Family, name: str) -> None:
    judged = delivered(family, name, STATED)
    ours = {(one.kind, namespace(one), head(one)["name"]) for one in judged.objects}
    theirs = {
        (one["kind"], one["metadata"]["namespace"], one["metadata"]["name"])
        for one in documents(tree(family))
    }
    assert len(theirs) > 5
    assert not ours & theirs


def test_the_project_lets_one_repository_change_the_kinds_of_its_tree(family: Family) -> None:
    judged = delivered(family, "argo-cd", STATED)
    project = made(judged, "AppProject")
    assert project["metadata"]["namespace"] == "argocd"
    bounds = project["spec"]
    assert bounds["sourceRepos"] == [REPOSITORY]
    assert [one["namespace"] for one in bounds["destinations"]] == [PLACE]
    assert bounds["clusterResourceWhitelist"] == []
    allowed = {(one["group"], one["kind"]) for one in bounds["namespaceResourceWhitelist"]}
    assert allowed == {
        (one["apiVersion"].rpartition("/")[0], one["kind"]) for one in documents(tree(family))
    }
    assert not {"*", "Secret", "Role", "Namespace"} & {kind for _, kind in allowed}


def test_the_application_follows_its_tree_and_mends_it(family: Family) -> None:
    judged = delivered(family, "argo-cd", {**STATED, "cicd:branch": "released"})
    application = made(judged, "Application")
    spec = application["spec"]
    assert spec["project"] == made(judged, "AppProject")["metadata"]["name"] != "default"
    assert spec["source"] == {
        "repoURL": REPOSITORY,
        "targetRevision": "released",
        "path": f"release/{ENVIRONMENT}",
    }
    assert spec["destination"]["namespace"] == PLACE
    assert spec["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    assert judged.outputs["components"]["cicd.application"] == application["metadata"]["name"]


def windows(family: Family, **stated: str) -> Any:
    more = {f"cicd:{name}": value for name, value in stated.items()}
    judged = delivered(family, "argo-cd", {**STATED, **more})
    return made(judged, "AppProject")["spec"]["syncWindows"]


def test_production_may_change_in_its_windows_only(family: Family) -> None:
    (window,) = windows(family, window="0 8 * * 1-4", window_hours="6", window_zone="Europe/Berlin")
    assert (window["kind"], window["schedule"]) == ("allow", "0 8 * * 1-4")
    assert (window["duration"], window["timeZone"]) == ("6h", "Europe/Berlin")
    assert window["applications"] == ["*"]  # of the project: the root, and what it makes
    assert window["manualSync"] is True
    assert windows(family) == windows(family, window="always") == []
    with pytest.raises(ConfigError, match="cicd:window"):
        windows(family, window="by day")


def test_the_window_of_production_stands_in_its_configuration(tmp_path: Path) -> None:
    spec = example()
    spec["technologies"]["cicd"]["delivery"] = {"kubernetes": "argo-cd", "aws": "pulumi"}
    cluster = dict(spec["environments"][ENVIRONMENT])
    spec["environments"] |= {"prod": cluster, "prod-us": {**cluster, "target": "aws"}}
    family = Family(tmp_path, "flight-delays")
    folder = alone(spec, "platform", family.repository("platform")) / "platform"

    def stated(environment: str) -> dict[str, Any]:
        text = (folder / f"Pulumi.{environment}.yaml").read_text("utf-8")
        config = yaml.safe_load(text)["config"]
        return {name: one for name, one in config.items() if name.startswith("cicd:")}

    wanted = {"cicd:window": "0 8 * * 1-4", "cicd:window_hours": 8, "cicd:window_zone": "UTC"}
    assert stated("prod") == wanted
    assert stated(ENVIRONMENT) == stated("prod-us") == {}
    told = {name.removeprefix("cicd:"): str(one) for name, one in wanted.items()}
    (window,) = windows(family, **told)
    assert (window["schedule"], window["duration"]) == ("0 8 * * 1-4", "8h")


def test_the_controllers_act_as_one_that_may_change_the_kinds_of_the_tree(family: Family) -> None:
    judged = delivered(family, "flux", {**STATED, "cicd:credentials": "git"})
    fetched, applied = made(judged, "GitRepository"), made(judged, "Kustomization")
    assert fetched["spec"]["url"] == REPOSITORY
    assert fetched["spec"]["secretRef"] == {"name": "git"}
    assert applied["spec"]["path"] == f"./release/{ENVIRONMENT}"
    assert applied["spec"]["prune"] is True
    name = applied["spec"]["serviceAccountName"]
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


@pytest.mark.parametrize("name", CONTROLLERS)
def test_a_repository_that_is_missing_is_asked_for(family: Family, name: str) -> None:
    with pytest.raises(ConfigError, match="`cicd:repository` is missing"):
        delivered(family, name)
    with pytest.raises(ConfigError, match="cicd:repository"):
        delivered(family, name, {"cicd:repository": "the platform's"})
