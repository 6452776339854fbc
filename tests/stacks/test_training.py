"""The training compute under mocks."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from orders import SECRETS, Made, Orders, environment, restricted

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside
from ninefold_stacks.foundation.kubernetes.workload import COMPONENT, SecretKey
from ninefold_stacks.pinned import image
from ninefold_stacks.provision import Kind, Provided

COMPUTE = Orders("training.ray")


def spec(made: Made) -> Any:
    return made.one("RayCluster")["spec"]


def workers(made: Made) -> Any:
    (group,) = spec(made)["workerGroupSpecs"]
    return group


def container(group: Mapping[str, Any]) -> Any:
    (only,) = group["template"]["spec"]["containers"]
    return only


def test_whoever_connects_needs_the_token() -> None:
    made = COMPUTE.run()
    assert spec(made)["authOptions"] == {"mode": "token", "secretName": "training"}
    assert made.one("Secret")["stringData"] == {"auth_token": SECRETS["training"]}
    assert made.leaks() == []
    assert made.values == {"compute_address": "ray://training:10001"}
    assert made.provided.variables == {"RAY_AUTH_MODE": "token"}
    assert made.provided.secrets["RAY_AUTH_TOKEN"].key == "auth_token"
    assert spec(made)["headGroupSpec"]["headService"]["metadata"]["name"] == "training"
    assert spec(made)["headGroupSpec"]["serviceType"] == "ClusterIP"


def test_every_pod_is_restricted_and_has_what_a_step_has() -> None:
    made = COMPUTE.run()
    for group in (spec(made)["headGroupSpec"], workers(made)):
        pods = group["template"]["spec"]
        restricted(pods)
        only = container(group)
        assert only["image"] == "example.com/train:1"
        assert environment(only)["RAY_USAGE_STATS_ENABLED"] == "0"
        names = [one["configMapRef"]["name"] for one in only["envFrom"]]
        assert names == ["settings", "connections"]
        mounts = {one["name"]: one["mountPath"] for one in only["volumeMounts"]}
        assert mounts["state"] == "/var/lib/flight-delays"
        # Nothing that the image would have to bring.
        assert only["readinessProbe"]["httpGet"]["path"] == "/api/healthz"


BEFORE = {
    "feature_store": Provided(
        settings={"feature_store_offline": "s3://bucket/features"},
        variables={"AWS_REGION": "us-east-1"},
        secrets={"FEATURE_STORE_ONLINE_PASSWORD": SecretKey("key-value", "password")},
    ),
    "model_registry": Provided(
        settings={"registry": "http://model-registry:5000"},
        secrets={"REGISTRY_PASSWORD": SecretKey("model-registry", "password")},
    ),
}


def test_a_step_that_is_handed_in_finds_its_servers_on_the_head() -> None:
    made = replace(COMPUTE, before=BEFORE).run()
    assert made.provided.jobs == (Kind("ray.io", "rayjobs"),)
    # It may be there before the platform has told everybody where the servers are.
    head = environment(container(spec(made)["headGroupSpec"]))
    assert head["FLIGHT_DELAYS_REGISTRY"] == "http://model-registry:5000"
    assert head["FLIGHT_DELAYS_FEATURE_STORE_OFFLINE"] == "s3://bucket/features"
    assert head["FLIGHT_DELAYS_COMPUTE_ADDRESS"] == "auto"
    assert head["AWS_REGION"] == "us-east-1"
    assert head["REGISTRY_PASSWORD"] == ("model-registry", "password")
    assert head["HOME"] == "/tmp"
    assert "FEATURE_STORE_ONLINE_PASSWORD" not in head
    # Workers do what the step says, and need no password for that.
    assert not {
        name
        for name, value in environment(container(workers(made))).items()
        if value is None or isinstance(value, tuple)
    }


def test_another_image_reaches_the_pods() -> None:
    assert spec(COMPUTE.run())["upgradeStrategy"] == {"type": "Recreate"}


def test_only_what_scales_gets_an_identity() -> None:
    made = COMPUTE.run()
    scaler = spec(made)["autoscalerOptions"]
    assert {one["name"] for one in scaler["volumeMounts"]} == {"tmp", "identity"}
    assert scaler["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    head = spec(made)["headGroupSpec"]
    assert "identity" in {one["name"] for one in head["template"]["spec"]["volumes"]}
    assert "identity" not in {one["name"] for one in container(head)["volumeMounts"]}
    assert "identity" not in {one["name"] for one in workers(made)["template"]["spec"]["volumes"]}


def test_a_fixed_number_of_workers_needs_nothing_of_the_cluster() -> None:
    made = COMPUTE.run(operator="existing", min_workers=2, max_workers=2)
    assert spec(made)["enableInTreeAutoscaling"] is False
    assert "autoscalerOptions" not in spec(made)
    assert {one["metadata"]["name"] for one in made.outcome.of("NetworkPolicy")} == {
        "training-inside"
    }
    assert workers(made)["minReplicas"] == workers(made)["maxReplicas"] == 2


def test_the_head_may_ask_the_clusters_api_and_nobody_else() -> None:
    policy = COMPUTE.run(api_server="192.0.2.1/32").one("NetworkPolicy", "training-scaling")
    assert policy["spec"]["podSelector"]["matchLabels"]["ray.io/node-type"] == "head"
    (rule,) = policy["spec"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "192.0.2.1/32"}}]
    assert [one["port"] for one in rule["ports"]] == [443, 6443]


def test_an_address_that_nobody_knows_opens_nothing() -> None:
    policy = COMPUTE.run().one("NetworkPolicy", "training-scaling")
    assert not policy["spec"].get("egress")


def test_every_option_counts() -> None:
    made = COMPUTE.run(
        min_workers=0,
        max_workers=6,
        idle_seconds=300,
        cpu="4",
        memory="8Gi",
        gpus=2,
        gpu_kind="amd.com/gpu",
        worker_selector={"pool": "spot"},
        worker_tolerations={"spot": "NoSchedule"},
        image="example.com/own:1",
    )
    group = workers(made)
    assert (group["minReplicas"], group["maxReplicas"]) == (0, 6)
    assert spec(made)["autoscalerOptions"]["idleTimeoutSeconds"] == 300
    only = container(group)
    assert only["image"] == "example.com/own:1"
    assert only["resources"]["requests"] == {"cpu": "4", "memory": "8Gi", "amd.com/gpu": "2"}
    assert only["resources"]["limits"]["amd.com/gpu"] == "2"
    pods = group["template"]["spec"]
    assert pods["nodeSelector"] == {"pool": "spot"}
    assert pods["tolerations"] == [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}]
    head = spec(made)["headGroupSpec"]["template"]["spec"]
    assert "nodeSelector" not in head
    assert "amd.com/gpu" not in container(spec(made)["headGroupSpec"])["resources"]["limits"]


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_it_grows_with_the_environment(size: str) -> None:
    group = workers(replace(COMPUTE, size=size).run())
    assert 0 <= group["minReplicas"] < group["maxReplicas"]


def test_without_the_operator_a_step_computes_by_itself() -> None:
    made = COMPUTE.run(operator="none")
    assert made.values == {"compute_address": ""}
    assert made.outcome.objects == ()
    assert made.provided.flows == ()


FLOWS = {
    Flow("steps", "training", 10001),
    Flow("steps", "training", 8265),
    Flow("training-operator", "training", 8265),
    Flow("metrics", "training", 8080),
}


def test_who_may_reach_whom() -> None:
    made = COMPUTE.run()
    assert set(made.provided.flows) == FLOWS
    inside = made.one("NetworkPolicy", "training-inside")["spec"]
    own = {"matchLabels": {"ray.io/cluster": "training"}}
    assert inside["podSelector"] == own
    assert inside["ingress"] == [{"from": [{"podSelector": own}]}]
    assert inside["egress"] == [{"to": [{"podSelector": own}]}]


def test_the_own_operator_watches_its_namespace_and_no_other() -> None:
    made = COMPUTE.run(api_server="192.0.2.1/32")
    pods = made.pod("Deployment", "training-operator")
    restricted(pods)
    (only,) = pods["containers"]
    assert only["args"] == ["--watch-namespace=flight-delays-staging"]
    assert only["image"] == image("quay.io/kuberay/operator")
    assert pods["serviceAccountName"] == "training-operator"
    assert made.one("RoleBinding", "training-operator")["roleRef"]["kind"] == "Role"
    assert made.outcome.of("ClusterRole") == made.outcome.of("ClusterRoleBinding") == []
    policy = made.one("NetworkPolicy", "training-operator-api")
    assert policy["spec"]["podSelector"]["matchLabels"] == {COMPONENT: "training-operator"}
    assert set(made.provided.flows) == FLOWS
    assert made.provided.outside == ()


def test_the_compute_waits_for_the_operator_and_that_for_its_kinds() -> None:
    registered = COMPUTE.run().outcome.registered
    by_name = {f"{one.kind} {one.name}": one for one in registered}
    kinds = by_name["ConfigGroup training-operator-definitions"]
    operator = by_name["Deployment training-operator"]
    assert kinds.urn in operator.after
    assert operator.urn in by_name["RayCluster training"].after
    # Other environments have objects of these kinds, too.
    assert kinds.retain


def definitions(**config: Any) -> list[str]:
    found = [
        one.inputs["files"]
        for one in COMPUTE.run(**config).outcome.registered
        if one.kind == "ConfigGroup"
    ]
    return [file for files in found for file in files]


def test_its_kinds_are_those_of_its_version_or_somebody_elses_to_bring() -> None:
    published = definitions()
    assert [one.rpartition("/")[2] for one in published] == [
        "ray.io_rayclusters.yaml",
        "ray.io_rayjobs.yaml",
        "ray.io_rayservices.yaml",
    ]
    assert all(re.search(r"/kuberay/[0-9a-f]{40}/", one) for one in published)
    assert definitions(definitions="existing") == definitions(operator="existing") == []
    (first, *_) = definitions(definitions="https://files.example.org/kuberay")
    assert first == "https://files.example.org/kuberay/ray.io_rayclusters.yaml"


def test_another_image_of_the_operator_is_taken() -> None:
    made = COMPUTE.run(operator_image="registry.example.org/operator:1.6")
    (only,) = made.pod("Deployment", "training-operator")["containers"]
    assert only["image"] == "registry.example.org/operator:1.6"


def test_an_operator_of_the_whole_cluster_asks_from_its_namespace() -> None:
    made = COMPUTE.run(operator="existing", operator_namespace="kuberay-system")
    assert set(made.provided.flows) == FLOWS
    assert made.provided.outside == (Outside("training-operator", namespace="kuberay-system"),)
    assert made.outcome.of("Deployment") == made.outcome.of("Role") == []


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"definitions": "somewhere"}, ["training:definitions", "published"]),
        ({"operator": "perhaps"}, ["training:operator", "own, existing, none"]),
        ({"min_workers": 5, "max_workers": 2}, ["training:min_workers", "5 is more than"]),
        ({"max_workers": 0}, ["training:max_workers", "less than 1"]),
        ({"gpus": -1}, ["training:gpus", "less than 0"]),
        ({"api_server": "api.example.com"}, ["training:api_server", "does not match"]),
        ({"worker_tolerations": {"spot": "Never"}}, ["worker_tolerations", "NoSchedule"]),
        ({"worker_selector": ["spot"]}, ["worker_selector", "object of strings"]),
        ({"workers": 3}, ["training:workers", "not known"]),
    ],
)
def test_a_wrong_value_is_refused(config: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        COMPUTE.run(**config)
    for word in words:
        assert word in str(refused.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"images\.training"):
        replace(COMPUTE, images={}).run()
    with pytest.raises(ConfigError, match=r"passwords:training"):
        replace(COMPUTE, secrets={"monitoring": "geheim-monitoring"}).run()
