"""The program under mocks: what it would make, and what it refuses."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ninefold_stacks.configuration import ConfigError
from programs import configured, run, secrets

from hotel_bookings_platform.environments import LOCAL, PROVISIONED

PROGRAM = "foundation"


@pytest.mark.parametrize("environment", PROVISIONED)
def test_the_namespace_is_restricted_and_has_a_quota(environment: str) -> None:
    notes = run(PROGRAM, environment)
    (namespace,) = notes.of("Namespace").values()
    assert namespace["metadata"]["name"] == f"hotel-bookings-{environment}"
    labels = namespace["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    (quota,) = notes.of("ResourceQuota").values()
    assert int(quota["spec"]["hard"]["requests.cpu"]) > 0
    assert {"deny-by-default", "allow-dns"} < set(notes.of("NetworkPolicy"))


@pytest.mark.parametrize("environment", PROVISIONED)
def test_owners_and_settings_come_from_the_product(environment: str) -> None:
    notes = run(PROGRAM, environment)
    (namespace,) = notes.of("Namespace").values()
    wanted = configured(PROGRAM, environment)
    assert namespace["metadata"]["annotations"] == {
        f"owner.{role}": who for role, who in wanted["owners"].items()
    }
    assert notes.of("ConfigMap")["settings"]["data"] == wanted["settings"]


@pytest.mark.parametrize("environment", PROVISIONED)
def test_a_password_is_in_a_secret_and_nowhere_else(environment: str) -> None:
    notes = run(PROGRAM, environment)
    for value in secrets(PROGRAM, {}).values():
        holders = [one for one in notes.resources if value in json.dumps(one.inputs)]
        assert {one.typ for one in holders} == {"kubernetes:core/v1:Secret"}, value


@pytest.mark.parametrize("environment", PROVISIONED)
def test_the_configuration_keeps_to_its_schema(environment: str) -> None:
    folder = files("ninefold_stacks").joinpath("foundation", "kubernetes")
    schema = json.loads(folder.joinpath("config.schema.json").read_text("utf-8"))
    jsonschema.validate(configured(PROGRAM, environment), schema)


def test_a_larger_size_gets_more() -> None:
    def cpu(size: str) -> int:
        (quota,) = run(PROGRAM, PROVISIONED[0], size=size).of("ResourceQuota").values()
        return int(quota["spec"]["hard"]["requests.cpu"])

    assert cpu("small") < cpu("medium") < cpu("large")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": "huge"}, ["`size`", "small, medium, large", "pulumi config set size"]),
        ({"context": None}, ["`context`", "pulumi config set context"]),
        ({"product": None}, ["`product`", "pulumi config set product"]),
        ({"sise": "small"}, ["`sise`", "not known"]),
    ],
)
def test_a_wrong_configuration_is_refused_with_key_and_remedy(
    changes: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        run(PROGRAM, PROVISIONED[0], **changes)
    assert all(word in str(refused.value) for word in words)


def test_every_environment_of_a_cluster_has_its_file_and_no_other() -> None:
    there = {path.name.split(".")[1] for path in Path(PROGRAM).glob("Pulumi.*.yaml")}
    assert there == set(PROVISIONED)
    assert not there & set(LOCAL)
