"""Metrics and dashboards under mocks."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orders import SECRETS, Made, Orders, environment, restricted

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside
from ninefold_stacks.provision import Provided

MONITORING = Orders(
    "monitoring.prometheus_grafana",
    before={"serving.online": Provided(), "training.compute": Provided()},
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Rules and dashboards as a platform repository has them."""
    for name, text in {
        "rules/service.rules.yaml": "groups: []\n",
        "rules/README.md": "# Alerts\n",
        "dashboards/service.json": '{"uid": "service"}\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def scraping(made: Made) -> Any:
    return json.loads(made.one("ConfigMap", "metrics")["data"]["prometheus.yml"])


def test_every_pod_of_service_and_compute_is_scraped_ready_or_not(files: Path) -> None:
    made = MONITORING.run(files=str(files), interval="30s")
    told = scraping(made)
    assert told["global"]["scrape_interval"] == "30s"
    jobs = {one["job_name"]: one for one in told["scrape_configs"]}
    # The rules of the service ask for this job.
    (found,) = jobs["flight-delays"]["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["serving-pods"], 3000)
    (found,) = jobs["flight-delays-training"]["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["training-pods"], 8080)
    (found,) = jobs["flight-delays-serving-challenger"]["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["serving-challenger-pods"], 3000)
    (found,) = jobs["flight-delays-figures"]["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["figures-pods"], 9101)
    for workload in ("serving", "serving-challenger", "training", "figures"):
        service = made.one("Service", f"{workload}-pods")["spec"]
        assert service["clusterIP"] == "None"
        assert service["publishNotReadyAddresses"] is True
        assert service["selector"]["app.kubernetes.io/component"] == workload


def test_what_the_platform_does_not_have_is_not_scraped(files: Path) -> None:
    made = replace(MONITORING, before={}).run(files=str(files), figures=False)
    assert [one["job_name"] for one in scraping(made)["scrape_configs"]] == ["metrics"]
    assert {one["metadata"]["name"] for one in made.outcome.of("Service")} == {
        "metrics",
        "dashboards",
    }


def test_the_figures_of_the_steps_are_read_off_their_records(files: Path) -> None:
    made = MONITORING.run(files=str(files))
    spec = made.pod("Deployment", "figures")
    restricted(spec)
    (container,) = spec["containers"]
    assert container["image"] == "example.com/monitor:1"
    assert container["command"] == ["python", "-m", "flight_delays_monitoring.figures"]
    mounts = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    volumes = {one["name"]: one for one in spec["volumes"]}
    claim = volumes[mounts["/var/lib/flight-delays"]]["persistentVolumeClaim"]
    assert claim["claimName"] == "state"
    with pytest.raises(ConfigError, match=r"images\.monitoring"):
        replace(MONITORING, images={}).run(files=str(files))


def test_rules_and_dashboards_are_those_of_the_folder(files: Path) -> None:
    made = MONITORING.run(files=str(files))
    rules = made.one("ConfigMap", "metrics-rules")["data"]
    assert rules == {"service.rules.yaml": "groups: []\n"}
    assert made.one("ConfigMap", "dashboards-shown")["data"] == {
        "service.json": '{"uid": "service"}\n'
    }
    before = made.pod("StatefulSet")
    (files / "rules" / "service.rules.yaml").write_text("groups: [] # another\n")
    assert MONITORING.run(files=str(files)).pod("StatefulSet") != before


def test_the_pods_are_restricted_and_figures_outlive_them(files: Path) -> None:
    made = MONITORING.run(files=str(files))
    restricted(made.pod("StatefulSet"))
    restricted(made.pod("Deployment", "dashboards"))
    (volume,) = made.one("StatefulSet")["spec"]["volumeClaimTemplates"]
    assert volume["metadata"]["name"] == "data"


def test_no_password_stands_in_clear_and_nobody_enters_without(files: Path) -> None:
    made = MONITORING.run(files=str(files))
    assert made.leaks() == []
    assert made.one("Secret")["stringData"] == {"password": SECRETS["monitoring"]}
    (pages,) = made.pod("Deployment", "dashboards")["containers"]
    told = environment(pages)
    assert told["GF_SECURITY_ADMIN_PASSWORD"] == ("dashboards", "password")
    assert told["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert told["GF_ANALYTICS_REPORTING_ENABLED"] == "false"


def test_the_dashboards_are_provisioned(files: Path) -> None:
    data = MONITORING.run(files=str(files)).one("ConfigMap", "dashboards")["data"]
    (source,) = json.loads(data["sources.yaml"])["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://metrics:9090")
    (folder,) = json.loads(data["folders.yaml"])["providers"]
    assert folder["options"]["path"] == "/etc/dashboards"


def test_every_option_counts(files: Path) -> None:
    made = MONITORING.run(
        files=str(files),
        retention="30d",
        storage="10Gi",
        memory="3Gi",
        metrics_image="example.com/metrics:1",
        dashboards_image="example.com/dashboards:2",
        dashboards_url="https://dashboards.example.com/",
    )
    (server,) = made.pod("StatefulSet")["containers"]
    assert "--storage.tsdb.retention.time=30d" in server["args"]
    assert "--storage.tsdb.retention.size=8192MB" in server["args"]
    assert server["resources"]["limits"]["memory"] == "3Gi"
    assert server["image"] == "example.com/metrics:1"
    (volume,) = made.one("StatefulSet")["spec"]["volumeClaimTemplates"]
    assert volume["spec"]["resources"]["requests"]["storage"] == "10Gi"
    (pages,) = made.pod("Deployment", "dashboards")["containers"]
    assert pages["image"] == "example.com/dashboards:2"
    assert environment(pages)["GF_SERVER_ROOT_URL"] == "https://dashboards.example.com/"


def test_the_dashboards_can_be_left_out(files: Path) -> None:
    made = replace(MONITORING, secrets={}).run(files=str(files), dashboards=False)
    assert [one["metadata"]["name"] for one in made.outcome.of("Deployment")] == ["figures"]
    assert "dashboards" not in {flow.source for flow in made.provided.flows}


def test_who_may_reach_whom(files: Path) -> None:
    made = MONITORING.run(files=str(files), ingress_namespace="ingress")
    assert set(made.provided.flows) == {
        Flow("metrics", "serving", 3000),
        Flow("metrics", "serving-challenger", 3000),
        Flow("metrics", "training", 8080),
        Flow("metrics", "figures", 9101),
        Flow("steps", "metrics", 9090),
        Flow("dashboards", "metrics", 9090),
        Flow("ingress", "dashboards", 3000),
    }
    assert made.provided.outside == (Outside("ingress", namespace="ingress"),)


@pytest.mark.parametrize(
    ("storage", "most"), [("500Mi", "400MB"), ("10Gi", "8192MB"), ("2Ti", "1677721MB")]
)
def test_it_keeps_less_than_the_volume_holds(storage: str, most: str, files: Path) -> None:
    (server,) = MONITORING.run(files=str(files), storage=storage).pod("StatefulSet")["containers"]
    assert f"--storage.tsdb.retention.size={most}" in server["args"]


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_it_grows_with_the_environment(size: str, files: Path) -> None:
    made = replace(MONITORING, size=size).run(files=str(files))
    storage = {"small": "2Gi", "medium": "20Gi", "large": "100Gi"}[size]
    (volume,) = made.one("StatefulSet")["spec"]["volumeClaimTemplates"]
    assert volume["spec"]["resources"]["requests"]["storage"] == storage


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"retention": "forever"}, ["monitoring:retention", "does not match"]),
        ({"storage": "10GB"}, ["monitoring:storage", "does not match"]),
        ({"metrics_image": "prom/prometheus:latest"}, ["monitoring:metrics_image"]),
        ({"dashboards": "perhaps"}, ["monitoring:dashboards", "true or false"]),
        ({"dashboard": True}, ["monitoring:dashboard", "not known"]),
        ({"files": "nowhere"}, ["monitoring:files", "nowhere/rules"]),
    ],
)
def test_a_wrong_value_is_refused(config: dict[str, Any], words: list[str], files: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        MONITORING.run(**{"files": str(files), **config})
    for word in words:
        assert word in str(refused.value)
