"""The feature store on a platform's stores, and its server, under mocks."""

from dataclasses import replace
from typing import Any

import pytest
from orders import IMAGES, Orders, environment, restricted

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.kubernetes.traffic import Flow

STORE = Orders("feature_store.feast", images={**IMAGES, "data-engineering": "example.com/data:1"})
SERVER = "feature-server"


@pytest.mark.parametrize(("size", "servers"), [("small", 0), ("medium", 1), ("large", 2)])
def test_a_small_environment_has_no_server(size: str, servers: int) -> None:
    made = replace(STORE, size=size).run()
    assert sum(one["spec"]["replicas"] for one in made.outcome.of("Deployment")) == servers
    assert len(made.outcome.of("PodDisruptionBudget")) == (servers > 1)
    assert any(SERVER in (flow.source, flow.target) for flow in made.provided.flows) == bool(
        servers
    )


def test_no_server_needs_no_image() -> None:
    assert Orders(STORE.technology).run().outcome.objects == ()
    with pytest.raises(ConfigError, match=r"images\.data-engineering"):
        Orders(STORE.technology).run(servers=1)


def test_the_server_is_the_repositorys_command_on_the_online_store() -> None:
    made = STORE.run(servers=1, memory="2Gi")
    pods = made.pod("Deployment")
    restricted(pods)
    (only,) = pods["containers"]
    assert only["image"] == "example.com/data:1"
    assert only["command"] == ["python", "-m", "flight_delays_data_engineering.feature_server"]
    assert "--port=6566" in only["args"]
    assert only["resources"]["limits"]["memory"] == "2Gi"
    assert only["envFrom"] == [{"configMapRef": {"name": "settings"}}]
    told = environment(only)
    assert told["FLIGHT_DELAYS_FEATURE_STORE_ONLINE"] == "key-value:6379"
    # It reads one store, and has the password of no other.
    secrets = {name for name, value in told.items() if isinstance(value, tuple)}
    assert secrets == {"FEATURE_STORE_ONLINE_PASSWORD"}
    (port,) = made.one("Service")["spec"]["ports"]
    assert (port["port"], made.one("Service")["metadata"]["name"]) == (6566, SERVER)


def test_who_may_reach_whom() -> None:
    flows = set(STORE.run(servers=1).provided.flows) - set(STORE.run().provided.flows)
    assert {(flow.source, flow.target) for flow in flows} >= {
        ("steps", SERVER),
        ("serving", SERVER),
        (SERVER, "key-value"),
    }
    assert Flow("steps", SERVER, 6566) in flows


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"servers": -1}, ["feature_store:servers", "less than 0"]),
        ({"memory": "much"}, ["feature_store:memory", "does not match"]),
        ({"server": 1}, ["feature_store:server", "not known"]),
    ],
)
def test_a_wrong_value_is_refused(config: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        STORE.run(**config)
    for word in words:
        assert word in str(refused.value)
