"""The model registry's server under mocks, and the metadata store that shares it."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from orders import OBJECTS, SECRETS, Orders, environment, restricted

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.kubernetes.traffic import Flow
from ninefold_stacks.provision import Provided

REGISTRY = Orders("model_registry.mlflow")


def arguments(spec: dict[str, Any]) -> dict[str, str]:
    (server,) = spec["containers"]
    pairs = [one.partition("=") for one in [*server["command"], *server["args"]]]
    return {name: value for name, _, value in pairs}


def test_clients_get_an_address_a_name_and_a_password_by_reference() -> None:
    made = REGISTRY.run()
    assert made.values == {"registry": "http://model-registry:5000"}
    assert made.provided.variables == {"MLFLOW_TRACKING_USERNAME": "admin"}
    assert made.provided.secrets["MLFLOW_TRACKING_PASSWORD"].key == "password"
    assert made.one("Service")["spec"]["ports"][0]["port"] == 5000
    restricted(made.pod("Deployment"))


def test_no_password_stands_in_clear() -> None:
    made = REGISTRY.run()
    assert made.leaks() == []
    assert made.one("Secret")["stringData"] == {
        "password": SECRETS["model_registry"],
        "session": SECRETS["model_registry_session"],
    }
    (server,) = made.pod("Deployment")["containers"]
    told = environment(server)
    assert (
        told["MLFLOW_BACKEND_STORE_URI"] == "postgresql+psycopg2://registry@database:5432/registry"
    )
    assert told["PGPASSWORD"] == ("database", "registry")
    assert told["AWS_SECRET_ACCESS_KEY"] == ("object-store", "AWS_SECRET_ACCESS_KEY")
    assert told["MLFLOW_AUTH_ADMIN_PASSWORD"] == ("model-registry", "password")
    assert told["MLFLOW_FLASK_SERVER_SECRET_KEY"] == ("model-registry", "session")


def test_it_asks_for_a_password_answers_for_its_own_names_and_tells_nobody() -> None:
    made = REGISTRY.run(hosts="registry.example.com,other.example.com:8443")
    given = arguments(made.pod("Deployment"))
    assert given["--app-name"] == "basic-auth"
    hosts = given["--allowed-hosts"].split(",")
    assert "*" not in given["--allowed-hosts"]
    assert {"model-registry:5000", "registry.example.com", "other.example.com:8443"} <= set(hosts)
    assert "model-registry.flight-delays-staging.svc.cluster.local:5000" in hosts
    (server,) = made.pod("Deployment")["containers"]
    assert environment(server)["MLFLOW_DISABLE_TELEMETRY"] == "true"
    accounts = made.one("ConfigMap")["data"]["auth.ini"]
    assert "database_uri = postgresql+psycopg2://registry@database:5432/registry\n" in accounts


def test_a_new_password_makes_a_new_pod() -> None:
    def pods(orders: Orders) -> Any:
        return orders.run().pod("Deployment")

    assert pods(REGISTRY) == pods(REGISTRY)
    other = {**SECRETS, "model_registry": "geheim-another"}
    assert pods(REGISTRY) != pods(replace(REGISTRY, secrets=other))


def test_the_tables_are_prepared_before_the_server_starts() -> None:
    (before,) = REGISTRY.run().pod("Deployment")["initContainers"]
    assert before["command"] == ["python", "/opt/app/prepare.py"]


def test_every_option_counts() -> None:
    made = REGISTRY.run(
        replicas=2, workers=3, cpu="750m", memory="2Gi", image="registry.example.com/own:2"
    )
    assert made.one("Deployment")["spec"]["replicas"] == 2
    assert made.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    spec = made.pod("Deployment")
    (server,) = spec["containers"]
    assert arguments(spec)["--workers"] == "3"
    assert server["image"] == "registry.example.com/own:2"
    assert server["resources"]["requests"] == {"cpu": "750m", "memory": "2Gi"}
    assert server["resources"]["limits"] == {"cpu": "750m", "memory": "2Gi"}


@pytest.mark.parametrize(("size", "workers"), [("small", "1"), ("medium", "2"), ("large", "4")])
def test_it_grows_with_the_environment(size: str, workers: str) -> None:
    assert arguments(replace(REGISTRY, size=size).run().pod("Deployment"))["--workers"] == workers


def test_a_providers_own_store_is_asked_with_the_pods_identity() -> None:
    theirs = replace(OBJECTS, peer="aws", endpoint="", secret="", port="443")
    made = replace(REGISTRY, objects=theirs).run()
    # Another stack tells: nothing is known while the program runs.
    known_later = replace(
        theirs,
        endpoint=pulumi.Output.from_input(theirs.endpoint),
        secret=pulumi.Output.from_input(theirs.secret),
        port=pulumi.Output.from_input(theirs.port),
    )
    another = replace(REGISTRY, objects=known_later).run()
    assert another.pod("Deployment") == made.pod("Deployment")
    (server,) = made.pod("Deployment")["containers"]
    told = environment(server)
    assert "MLFLOW_S3_ENDPOINT_URL" not in told
    assert "AWS_ACCESS_KEY_ID" not in told
    assert Flow("model-registry", "aws", 443) in made.provided.flows


def test_who_may_reach_whom() -> None:
    assert set(REGISTRY.run().provided.flows) == {
        Flow("steps", "model-registry", 5000),
        Flow("training", "model-registry", 5000),
        Flow("serving", "model-registry", 5000),
        Flow("model-registry", "database", 5432),
        Flow("model-registry", "object-store", 7070),
    }


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"replicas": 0}, ["model_registry:replicas", "less than 1"]),
        ({"workers": "many"}, ["model_registry:workers", "a whole number"]),
        ({"memory": "2G"}, ["model_registry:memory", "does not match"]),
        ({"cpu": "0.5"}, ["model_registry:cpu", "does not match"]),
        ({"hosts": "a b"}, ["model_registry:hosts", "does not match"]),
        ({"replica": 1}, ["model_registry:replica", "not known"]),
    ],
)
def test_a_wrong_value_is_refused(config: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        REGISTRY.run(**config)
    for word in words:
        assert word in str(refused.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"images\.model-registry"):
        replace(REGISTRY, images={}).run()
    with pytest.raises(ConfigError, match=r"passwords:model_registry"):
        replace(REGISTRY, secrets={"training": "geheim-training"}).run()


def test_the_metadata_store_is_the_registrys_server() -> None:
    store = Orders("metadata_store.mlflow")
    shared = Provided(settings={"registry": "http://model-registry:5000"})
    made = replace(store, before={"model_registry": shared}).run()
    assert made.values == {"metadata_store": "http://model-registry:5000"}
    assert made.outcome.objects == ()
    with pytest.raises(ConfigError, match="shares the server"):
        replace(store, before={"model_registry": Provided()}).run()
