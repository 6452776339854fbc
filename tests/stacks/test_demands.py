"""What a cluster may ask of every pod: who opens the registry, and whose users pods run as."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import MockResourceArgs

from account import TOLD, Cloud
from deployed import ENVIRONMENT, PROGRAMS, Part, world
from emitted import World
from policies import broken, texts, told
from registration import Answers
from rendering import Family, alone, example

SECRET = "registry"
USERS = ("runAsUser", "runAsGroup", "fsGroup", "supplementalGroups")
DEMANDS = {"image_pull_secret": SECRET, "assigned_uids": True}
# The Secret is the cluster's owner's.
PARTS = tuple(replace(part, given=(SECRET,)) for part in PROGRAMS)


@pytest.fixture(scope="module")
def demanding(tmp_path_factory: pytest.TempPathFactory) -> Family:
    """The flight example's platform for a cluster that asks for both."""
    return rendered(tmp_path_factory.mktemp("demanding"), DEMANDS)


def rendered(folder: Path, environment: Mapping[str, Any]) -> Family:
    """The platform of the flight example in an environment that says this, too."""
    spec = example()
    spec["environments"][ENVIRONMENT] |= environment
    family = Family(folder, "flight-delays")
    alone(spec, "platform", family.repository("platform"))
    return family


@pytest.fixture(scope="module")
def asked(demanding: Family) -> World:
    return world(demanding, "small", parts=PARTS)


def unopened(judged: World) -> list[str]:
    """Pods that do not say what opens the registry."""
    wanted = [{"name": SECRET}]
    return [str(one) for one in judged.pods if one.spec.get("imagePullSecrets") != wanted]


def stated(judged: World) -> Iterator[str]:
    """Every user or group that an object states, also in a text that a controller reads."""
    for one in judged.objects:
        for path, word in fields(one.inputs):
            if word in USERS:
                yield f"{one}: {path}"
        for path, text in texts(one.inputs):
            # `null` takes away what the controller would state.
            if any(re.search(rf"\b{word}: (?!null\b)", text) for word in USERS):
                yield f"{one}: {path}"


def fields(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key of an object with its path."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield f"{path}.{key}".lstrip("."), key
            yield from fields(one, f"{path}.{key}")
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from fields(one, f"{path}.{at}")


def test_every_pod_names_what_opens_the_registry(asked: World) -> None:
    assert {"Deployment", "StatefulSet", "CronJob", "RayCluster", "WorkflowTemplate"} <= {
        one.owner.kind for one in asked.pods
    }
    assert unopened(asked) == []


def test_no_pod_states_a_user_and_none_may_be_root(asked: World) -> None:
    assert list(stated(asked)) == []
    for one in asked.pods:
        assert one.spec["securityContext"]["runAsNonRoot"] is True, str(one)


def test_no_other_rule_is_broken(asked: World) -> None:
    found = broken(asked)
    assert not found, told(found)


def test_a_secret_that_nobody_gives_is_found(asked: World) -> None:
    found = broken(replace(asked, given=()))
    assert list(found) == ["what a pod names exists"]
    assert len(found["what a pod names exists"]) == len(asked.pods)


def test_without_the_keys_pods_have_their_user_and_no_secret(family: Family) -> None:
    usual = world(family, "small")
    assert not any("imagePullSecrets" in one.spec for one in usual.pods)
    for one in usual.pods:
        found = one.spec["securityContext"]
        assert found["runAsUser"] == found["fsGroup"] == 1000, str(one)
    assert len(unopened(usual)) == len(usual.pods)


def test_a_user_that_is_planted_is_found(asked: World) -> None:
    for kind, change in (
        ("Deployment", {"spec": {"template": {"spec": {"securityContext": {"fsGroup": 1}}}}}),
        ("WorkflowTemplate", {"spec": {"podSpecPatch": "x: {runAsUser: 1000}"}}),
    ):
        one = asked.of(kind)[0]
        spoilt = replace(one, inputs={**deepcopy(one.inputs), **change})
        objects = tuple(spoilt if each is one else each for each in asked.objects)
        assert list(stated(replace(asked, objects=objects)))


class Account(Answers):
    """A cluster in an account; both take notes."""

    def made(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return Cloud().made(args) if args.typ.startswith("aws:") else super().made(args)


def test_in_an_account_the_secret_reaches_every_pod(tmp_path: Path) -> None:
    family = rendered(tmp_path, {"target": "aws", "image_pull_secret": SECRET})
    about = {key: TOLD[key] for key in ("account", "region")}
    parts = (
        Part("foundation", {"context": None, **about}, (SECRET,)),
        Part("platform", {"context": None}),
    )
    judged = world(family, "small", parts=parts, cloud=Account)
    assert "Job" in {one.owner.kind for one in judged.pods}
    assert unopened(judged) == []


def test_the_programs_are_told_by_the_spec(demanding: Family) -> None:
    for program in ("foundation", "platform"):
        path = demanding.repository("platform") / program / f"Pulumi.{ENVIRONMENT}.yaml"
        config = yaml.safe_load(path.read_text("utf-8"))["config"]
        found = {key: config[f"flight-delays-{program}:{key}"] for key in DEMANDS}
        assert found == DEMANDS


def test_an_environment_without_demands_has_no_patch(family: Family) -> None:
    path = family.repository("platform") / "release" / ENVIRONMENT / "common" / "kustomization.yaml"
    assert "patches" not in yaml.safe_load(path.read_text("utf-8"))
