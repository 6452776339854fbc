"""The foundation in Kubernetes, under mocks: every option, and every value that is refused."""

from typing import Any

import pulumi
import pytest

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.kubernetes import Foundation, FoundationArgs, cluster
from ninefold_stacks.foundation.kubernetes.form import Outputs
from ninefold_stacks.foundation.kubernetes.sizes import SIZES
from ninefold_stacks.foundation.kubernetes.stores import PASSWORDS

from registration import Answers, Outcome, Program

ARGS: FoundationArgs = {"product": "flight-delays", "environment": "staging", "size": "small"}


def passwords() -> dict[str, pulumi.Output[str]]:
    return {name: pulumi.Output.secret(f"opens-{name}") for name in PASSWORDS}


def run(notes: Answers | None = None, **more: Any) -> Outcome:
    """What a program with a foundation registers."""

    def program() -> None:
        args: Any = {**ARGS, "passwords": passwords(), **more}
        provider = cluster({**ARGS, "context": "bed"})
        made = Foundation("foundation", args, pulumi.ResourceOptions(provider=provider))
        for name, value in made.outputs().items():
            pulumi.export(name, value)

    return Program(program, "flight-delays-foundation", "staging", {}).run(notes)


def test_the_namespace_refuses_every_pod_that_is_not_restricted() -> None:
    metadata = run().one("Namespace")["metadata"]
    assert metadata["name"] == "flight-delays-staging"
    assert metadata["labels"]["app.kubernetes.io/part-of"] == "flight-delays"
    for mode in ("enforce", "audit", "warn"):
        assert metadata["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"


@pytest.mark.parametrize("size", SIZES)
def test_the_quota_follows_the_size(size: str) -> None:
    made = run(size=size)
    hard = made.one("ResourceQuota")["spec"]["hard"]
    assert hard["requests.cpu"] == SIZES[size].cpu
    assert int(hard["limits.cpu"]) == 4 * int(SIZES[size].cpu)
    assert hard["services.loadbalancers"] == "0"
    (limit,) = made.one("LimitRange")["spec"]["limits"]
    assert limit["max"]["memory"] == SIZES[size].container_memory
    assert limit["defaultRequest"]


def test_no_container_may_take_more_than_the_namespace_has() -> None:
    for size in SIZES.values():
        assert int(size.container_cpu) <= int(size.cpu)
        assert int(size.container_memory.removesuffix("Gi")) <= int(size.memory.removesuffix("Gi"))


def test_nothing_is_let_in_or_out_but_questions_for_names() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in run().of("NetworkPolicy")}
    assert set(policies) == {
        *("deny-by-default", "allow-dns"),
        # The backup asks the database, and nobody else asks anybody.
        *("foundation-backup", "foundation-database"),
    }
    deny = policies["deny-by-default"]
    assert sorted(deny["policyTypes"]) == ["Egress", "Ingress"]
    assert not deny.get("ingress")
    assert not deny.get("egress")
    (rule,) = policies["allow-dns"]["egress"]
    assert {port["port"] for port in rule["ports"]} == {53}
    assert rule["to"]


def test_owners_and_settings_reach_the_cluster() -> None:
    made = run(owners={"devops-engineer": "@team/devops"}, settings={"TITLE": "Flights"})
    assert made.one("Namespace")["metadata"]["annotations"] == {
        "owner.devops-engineer": "@team/devops"
    }
    (settings,) = [one for one in made.of("ConfigMap") if one["metadata"]["name"] == "settings"]
    assert settings["data"] == {"TITLE": "Flights"}


def test_everything_is_in_the_namespace_and_in_the_cluster_that_was_named() -> None:
    made = run()
    inside = [one for one in made.registered if one.type.startswith("kubernetes:")]
    for one in inside:
        if not one.type.endswith(":Namespace"):
            assert one.inputs["metadata"]["namespace"] == "flight-delays-staging"
            assert one.inputs["metadata"]["labels"]["environment"] == "staging"
        assert one.provider
        assert "::cluster::" in one.provider
    provider = next(one for one in made.registered if one.type == "pulumi:providers:kubernetes")
    assert provider.inputs["context"] == "bed"
    assert len(inside) > 6


@pytest.mark.parametrize("wanted", [True, False])
def test_the_namespace_can_be_protected(wanted: bool) -> None:
    kept = {one.kind: one.protect for one in run(protect=wanted).objects}
    assert kept["Namespace"] is wanted
    assert kept["ConfigMap"] is False


def test_the_outputs_are_those_of_the_form() -> None:
    outputs = run().outputs
    assert set(outputs) == set(Outputs.__annotations__)
    assert (outputs["namespace"], outputs["settings"]) == ("flight-delays-staging", "settings")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"size": "huge"}, ["`size`", "`huge`", "small, medium, large", "config set size"]),
        ({"product": "Flight Delays"}, ["`product`", "config set product flight-delays"]),
        ({"environment": "x"}, ["`environment`", "config set environment staging"]),
        ({"owners": {"devops-engineer": 3}}, ["`owners`", "object of strings"]),
        ({"protect": "perhaps"}, ["`protect`", "true or false"]),
        ({"sise": "small"}, ["`sise`", "not known"]),
    ],
)
def test_a_wrong_value_is_refused_with_key_and_remedy(
    more: dict[str, Any], words: list[str]
) -> None:
    notes = Answers()
    with pytest.raises(ConfigError) as refused:
        run(notes, **more)
    for word in words:
        assert word in str(refused.value)
    assert [one for one in notes.resources if one.typ.startswith("kubernetes:")] == []


def test_a_cluster_that_is_not_named_is_refused() -> None:
    with pytest.raises(ConfigError, match="pulumi config set context"):
        cluster({"product": "flight-delays", "environment": "staging", "size": "small"})
