"""The program under mocks: what it would make, and what it refuses."""

import json
import runpy
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pulumi
import pytest
import yaml
from ninefold_stacks.configuration import ConfigError
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from flight_delays_platform.environments import LOCAL, PROVISIONED

FOLDER = Path("foundation")
PROJECT = yaml.safe_load((FOLDER / "Pulumi.yaml").read_text("utf-8"))["name"]


class Notes(Mocks):
    """A cluster that only takes notes."""

    def __init__(self) -> None:
        self.resources: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.resources.append(args)
        return f"{args.name}-id", args.inputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one.inputs for one in self.resources if one.typ.endswith(f":{kind}")]


def configured(environment: str) -> dict[str, Any]:
    """The configuration as it stands in the environment's file."""
    document = yaml.safe_load((FOLDER / f"Pulumi.{environment}.yaml").read_text("utf-8"))
    return {name.removeprefix(f"{PROJECT}:"): value for name, value in document["config"].items()}


def run(environment: str, **changes: Any) -> Notes:
    """Run the program as the engine would; None takes a key away."""
    notes = Notes()
    values = {**configured(environment), "context": "some-cluster", **changes}
    pulumi.runtime.set_mocks(notes, project=PROJECT, stack=environment)
    pulumi.runtime.set_all_config(
        {
            f"{PROJECT}:{name}": value if isinstance(value, str) else json.dumps(value)
            for name, value in values.items()
            if value is not None
        }
    )

    def program() -> None:
        runpy.run_path(str(FOLDER / "__main__.py"), run_name="__main__")

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    return notes


@pytest.mark.parametrize("environment", PROVISIONED)
def test_the_namespace_is_restricted_and_has_a_quota(environment: str) -> None:
    notes = run(environment)
    (namespace,) = notes.of("Namespace")
    assert namespace["metadata"]["name"] == f"flight-delays-{environment}"
    labels = namespace["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    (quota,) = notes.of("ResourceQuota")
    assert int(quota["spec"]["hard"]["requests.cpu"]) > 0
    assert len(notes.of("NetworkPolicy")) == 2


@pytest.mark.parametrize("environment", PROVISIONED)
def test_owners_and_settings_come_from_the_product(environment: str) -> None:
    notes = run(environment)
    (namespace,) = notes.of("Namespace")
    wanted = configured(environment)
    assert namespace["metadata"]["annotations"] == {
        f"owner.{role}": who for role, who in wanted["owners"].items()
    }
    (settings,) = notes.of("ConfigMap")
    assert settings["data"] == wanted["settings"]


@pytest.mark.parametrize("environment", PROVISIONED)
def test_no_secret_is_made_or_written_down(environment: str) -> None:
    assert run(environment).of("Secret") == []
    text = (FOLDER / f"Pulumi.{environment}.yaml").read_text("utf-8")
    assert "secure:" not in text


@pytest.mark.parametrize("environment", PROVISIONED)
def test_the_configuration_keeps_to_its_schema(environment: str) -> None:
    folder = files("ninefold_stacks").joinpath("foundation", "kubernetes")
    schema = json.loads(folder.joinpath("config.schema.json").read_text("utf-8"))
    jsonschema.validate(configured(environment), schema)


def test_a_larger_size_gets_more() -> None:
    def cpu(size: str) -> int:
        (quota,) = run(PROVISIONED[0], size=size).of("ResourceQuota")
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
        run(PROVISIONED[0], **changes)
    assert all(word in str(refused.value) for word in words)


def test_every_environment_of_a_cluster_has_its_file_and_no_other() -> None:
    there = {path.name.split(".")[1] for path in FOLDER.glob("Pulumi.*.yaml")}
    assert there == set(PROVISIONED)
    assert not there & set(LOCAL)
