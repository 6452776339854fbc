"""The foundation in Kubernetes, under mocks: every option, and every value that is refused."""

from typing import Any

import pulumi
import pytest
from cloud import Notes, fresh, until_done

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.kubernetes import Foundation, FoundationArgs, cluster
from ninefold_stacks.foundation.kubernetes.form import Outputs
from ninefold_stacks.foundation.kubernetes.sizes import SIZES

ARGS: FoundationArgs = {"product": "flight-delays", "environment": "staging", "size": "small"}


def build(notes: Notes, **more: Any) -> tuple[Foundation, Notes]:
    args: Any = {**ARGS, **more}
    provider = cluster(
        {"product": "flight-delays", "environment": "staging", "size": "small", "context": "bed"}
    )
    return Foundation("foundation", args, pulumi.ResourceOptions(provider=provider)), notes


@pytest.fixture
def notes() -> Notes:
    return fresh()


def run(notes: Notes, **more: Any) -> Notes:
    """Build and wait until all resources are there."""

    def program() -> Any:
        foundation, _ = build(notes, **more)
        return pulumi.Output.all(foundation.namespace, foundation.settings)

    until_done(program)
    return notes


def test_the_namespace_refuses_every_pod_that_is_not_restricted(notes: Notes) -> None:
    metadata = run(notes).one("Namespace")["metadata"]
    assert metadata["name"] == "flight-delays-staging"
    assert metadata["labels"]["app.kubernetes.io/part-of"] == "flight-delays"
    for mode in ("enforce", "audit", "warn"):
        assert metadata["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"


@pytest.mark.parametrize("size", SIZES)
def test_the_quota_follows_the_size(notes: Notes, size: str) -> None:
    run(notes, size=size)
    hard = notes.one("ResourceQuota")["spec"]["hard"]
    assert hard["requests.cpu"] == SIZES[size].cpu
    assert int(hard["limits.cpu"]) == 2 * int(SIZES[size].cpu)
    assert hard["services.loadbalancers"] == "0"
    (limit,) = notes.one("LimitRange")["spec"]["limits"]
    assert limit["max"]["memory"] == SIZES[size].container_memory
    assert limit["defaultRequest"]


def test_no_container_may_take_more_than_the_namespace_has() -> None:
    for size in SIZES.values():
        assert int(size.container_cpu) <= int(size.cpu)
        assert int(size.container_memory.removesuffix("Gi")) <= int(size.memory.removesuffix("Gi"))


def test_nothing_is_let_in_or_out_but_questions_for_names(notes: Notes) -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in run(notes).of("NetworkPolicy")}
    assert set(policies) == {"deny-by-default", "allow-dns"}
    deny = policies["deny-by-default"]
    assert sorted(deny["policyTypes"]) == ["Egress", "Ingress"]
    assert not deny.get("ingress")
    assert not deny.get("egress")
    (rule,) = policies["allow-dns"]["egress"]
    assert {port["port"] for port in rule["ports"]} == {53}
    assert rule["to"]


def test_owners_and_settings_reach_the_cluster(notes: Notes) -> None:
    run(notes, owners={"devops-engineer": "@team/devops"}, settings={"TITLE": "Flights"})
    assert notes.one("Namespace")["metadata"]["annotations"] == {
        "owner.devops-engineer": "@team/devops"
    }
    assert notes.one("ConfigMap")["data"] == {"TITLE": "Flights"}
    assert notes.of("Secret") == []


def test_everything_is_in_the_namespace_and_in_the_cluster_that_was_named(notes: Notes) -> None:
    run(notes)
    inside = [one for one in notes.resources if one.typ.startswith("kubernetes:")]
    for one in inside:
        if not one.typ.endswith(":Namespace"):
            assert one.inputs["metadata"]["namespace"] == "flight-delays-staging"
            assert one.inputs["metadata"]["labels"]["environment"] == "staging"
        assert one.provider
        assert "::cluster::" in one.provider
    provider = next(one for one in notes.resources if one.typ == "pulumi:providers:kubernetes")
    assert provider.inputs["context"] == "bed"
    assert len(inside) == 6


@pytest.mark.parametrize("wanted", [True, False])
def test_the_namespace_can_be_protected(notes: Notes, wanted: bool) -> None:
    seen: dict[str, bool] = {}

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_.startswith("kubernetes:"):
            seen[args.type_.rpartition(":")[2]] = bool(args.opts.protect)

    def program() -> Any:
        args: Any = {**ARGS, "protect": wanted}
        options = pulumi.ResourceOptions(transformations=[note])
        return Foundation("foundation", args, options).namespace

    until_done(program)
    assert seen["Namespace"] is wanted
    assert seen["ConfigMap"] is False


def test_the_outputs_are_those_of_the_form(notes: Notes) -> None:
    def check(values: list[str]) -> None:
        assert values == ["flight-delays-staging", "settings"]

    def program() -> Any:
        foundation, _ = build(notes)
        assert set(foundation.outputs()) == set(Outputs.__annotations__)
        return pulumi.Output.all(foundation.namespace, foundation.settings).apply(check)

    until_done(program)


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
    notes: Notes, more: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        build(notes, **more)
    for word in words:
        assert word in str(refused.value)
    assert [one for one in notes.resources if one.typ.startswith("kubernetes:")] == []


def test_a_cluster_that_is_not_named_is_refused(notes: Notes) -> None:
    with pytest.raises(ConfigError, match="pulumi config set context"):
        cluster({"product": "flight-delays", "environment": "staging", "size": "small"})
