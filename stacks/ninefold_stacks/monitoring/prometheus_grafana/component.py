"""Prometheus, which scrapes the product's pods and alerts, and Grafana, which shows.

Pods are found by their names: nothing here may ask the cluster's API. Rules and dashboards are
files of the platform repository, which a change of the product renders anew.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
)

from ninefold_stacks import pinned
from ninefold_stacks.configuration import ConfigError, password, read
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside
from ninefold_stacks.foundation.kubernetes.workload import (
    Amount,
    Part,
    SecretKey,
    mebibytes,
    pod,
)
from ninefold_stacks.provision import (
    CHALLENGER,
    METRICS,
    SERVING,
    SERVING_PORT,
    STEPS,
    TRAINING,
    Order,
    Provided,
)

from . import figures
from .form import Config

TYPE: Final = "ninefold:monitoring:PrometheusGrafana"
PASSWORDS: Final = ("monitoring",)
DASHBOARDS: Final = "dashboards"
INGRESS: Final = "ingress"
PORT: Final = 9090
PAGES: Final = 3000
# Whose pods are scraped, and on which port.
SCRAPED: Final[Mapping[str, int]] = {
    SERVING: SERVING_PORT,
    CHALLENGER: SERVING_PORT,
    TRAINING: 8080,
}
METRICS_IMAGE: Final = pinned.image("docker.io/prom/prometheus")
DASHBOARDS_IMAGE: Final = pinned.image("docker.io/grafana/grafana")
AMOUNTS: Final[Mapping[str, tuple[str, Amount]]] = {
    "small": ("2Gi", Amount("100m", "256Mi", cpu_limit="500m", memory_limit="512Mi")),
    "medium": ("20Gi", Amount("500m", "1Gi", cpu_limit="1", memory_limit="2Gi")),
    "large": ("100Gi", Amount("1", "4Gi", cpu_limit="2", memory_limit="8Gi")),
}
PAGES_AMOUNT: Final = Amount("100m", "192Mi", cpu_limit="500m", memory_limit="384Mi")
SHOWN: Final = "/etc/dashboards"
PROVISIONING: Final = "/etc/grafana/provisioning"
QUIET: Final = {
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
    "GF_SECURITY_DISABLE_GRAVATAR": "true",
    "GF_USERS_ALLOW_SIGN_UP": "false",
    "GF_AUTH_ANONYMOUS_ENABLED": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_LOG_MODE": "console",
}


class Monitoring(pulumi.ComponentResource):
    """The metrics server with its rules, and the pages with the dashboards."""

    metrics: pulumi.Output[str]
    dashboards: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        order: Order,
        config: Config,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        folder = Path(config.get("files", "../monitoring"))
        rules = _files(folder / "rules", "*.rules.yaml")
        shown = _files(folder / "dashboards", "*.json")
        super().__init__(TYPE, name, {}, opts)
        self.config = config
        self.site = order.site.below(self)
        self.scraped = _scraped(order)
        if config.get("figures", True):
            figures.figures(self.site, order.image(figures.ROLE))
            self.scraped[figures.NAME] = figures.PORT
        for workload, port in self.scraped.items():
            self._found(workload, port)
        self._server(rules)
        self.metrics = _address(self.site.service(METRICS, {"http": PORT}), PORT)
        self.dashboards = pulumi.Output.from_input("")
        if config.get("dashboards", True):
            self._pages(shown)
            self.dashboards = _address(self.site.service(DASHBOARDS, {"http": PAGES}), PAGES)
        self.register_outputs({"metrics": self.metrics, "dashboards": self.dashboards})

    def _found(self, workload: str, port: int) -> None:
        """Each pod of the workload by one name, the ones that are not ready as well."""
        name = f"{workload}-pods"
        Service(
            name,
            # It may be that there are none: nothing to wait for.
            metadata=self.site.meta(name, METRICS, **{"pulumi.com/skipAwait": "true"}),
            spec=ServiceSpecArgs(
                cluster_ip="None",
                publish_not_ready_addresses=True,
                selector=self.site.selected(workload),
                ports=[ServicePortArgs(name="metrics", port=port)],
            ),
            opts=self.site.inside(),
        )

    def _server(self, rules: Mapping[str, str]) -> None:
        configuration = json.dumps(self._scraping(), indent=2)
        settings = self.site.settings(METRICS, {"prometheus.yml": configuration})
        alerts = self.site.settings("metrics-rules", rules)
        storage, usual = AMOUNTS[self.site.size]
        storage = self.config.get("storage", storage)
        part = Part(
            name="prometheus",
            image=self.config.get("metrics_image", METRICS_IMAGE),
            amount=usual.told(self.config),
            arguments=(
                "--config.file=/etc/prometheus/prometheus.yml",
                "--storage.tsdb.path=/prometheus",
                f"--storage.tsdb.retention.time={self.config.get('retention', '15d')}",
                # What comes first: time, or a volume that is nearly full.
                f"--storage.tsdb.retention.size={_most(storage)}",
            ),
            settings={"FILES_DIGEST": _digest({**rules, "prometheus.yml": configuration})},
            ports={"http": PORT},
            mounts={
                "data": "/prometheus",
                "settings": "/etc/prometheus",
                "rules": "/etc/prometheus-rules",
            },
            ready=pieces.answered("/-/ready", every=5, failures=3),
            alive=pieces.answered("/-/healthy", every=15, failures=4),
            # After a kill it reads what it wrote last.
            started=pieces.answered("/-/ready", every=5, failures=120),
        )
        volumes = [pieces.texts("settings", settings), pieces.texts("rules", alerts)]
        self.site.stateful(
            METRICS,
            pod([part], volumes=volumes, grace=120),
            [self.site.claimed("data", storage)],
        )

    def _scraping(self) -> dict[str, Any]:
        """The settings of the server; the service's job is named as its rules expect."""
        interval = self.config.get("interval", "15s")
        product = self.site.product
        # The rules of the service are the champion's.
        names = {SERVING: product}
        return {
            "global": {
                "scrape_interval": interval,
                "evaluation_interval": interval,
                "external_labels": {"product": product, "environment": self.site.environment},
            },
            "rule_files": ["/etc/prometheus-rules/*.rules.yaml"],
            "scrape_configs": [
                {
                    "job_name": names.get(workload, f"{product}-{workload}"),
                    "dns_sd_configs": [
                        {
                            "names": [f"{workload}-pods"],
                            "type": "A",
                            "port": port,
                            "refresh_interval": interval,
                        }
                    ],
                }
                for workload, port in self.scraped.items()
            ]
            + [{"job_name": METRICS, "static_configs": [{"targets": [f"127.0.0.1:{PORT}"]}]}],
        }

    def _pages(self, shown: Mapping[str, str]) -> None:
        secret = self.site.secret(DASHBOARDS, {"password": password("monitoring")})
        provisioned = {
            "sources.yaml": json.dumps(_sources()),
            "folders.yaml": json.dumps(_folders(self.site.product)),
        }
        settings = self.site.settings(DASHBOARDS, provisioned)
        pages = self.site.settings("dashboards-shown", shown)
        url = self.config.get("dashboards_url")
        part = Part(
            name="grafana",
            image=self.config.get("dashboards_image", DASHBOARDS_IMAGE),
            amount=PAGES_AMOUNT,
            settings={
                **QUIET,
                **({"GF_SERVER_ROOT_URL": url} if url else {}),
                "FILES_DIGEST": _digest({**shown, **provisioned}),
            },
            secrets={"GF_SECURITY_ADMIN_PASSWORD": SecretKey(secret.metadata.name, "password")},
            ports={"http": PAGES},
            mounts={
                "data": "/var/lib/grafana",
                "tmp": "/tmp",  # noqa: S108
                "sources": f"{PROVISIONING}/datasources",
                "folders": f"{PROVISIONING}/dashboards",
                "shown": SHOWN,
            },
            ready=pieces.answered("/api/health", every=5, failures=3),
            alive=pieces.answered("/api/health", every=15, failures=4),
            started=pieces.answered("/api/health", every=3, failures=60),
        )
        volumes = [
            # What it shows comes from files; what somebody draws by hand is not kept.
            pieces.scratch("data", limit=""),
            pieces.scratch("tmp", limit=""),
            pieces.texts("sources", settings, "sources.yaml"),
            pieces.texts("folders", settings, "folders.yaml"),
            pieces.texts("shown", pages),
        ]
        self.site.deployment(DASHBOARDS, pod([part], volumes=volumes))


def provision(order: Order) -> Provided:
    """Both servers, whom they ask, and who may ask them."""
    config = read(Config, pulumi.Config("monitoring"))
    made = Monitoring("monitoring", order, config, pulumi.ResourceOptions(parent=order.site.parent))
    flows = [Flow(METRICS, workload, port) for workload, port in made.scraped.items()]
    flows += [Flow(STEPS, METRICS, PORT)]
    outside = []
    if config.get("dashboards", True):
        flows += [Flow(DASHBOARDS, METRICS, PORT)]
        if namespace := config.get("ingress_namespace"):
            flows += [Flow(INGRESS, DASHBOARDS, PAGES)]
            outside += [Outside(INGRESS, namespace=namespace)]
    return Provided(
        flows=tuple(flows),
        outside=tuple(outside),
        outputs={"metrics": made.metrics, "dashboards": made.dashboards},
    )


def _scraped(order: Order) -> dict[str, int]:
    """Of the workloads those that this platform has."""
    components = {slot.partition(".")[0] for slot in order.before}
    return {
        workload: port
        for workload, port in SCRAPED.items()
        if workload.removesuffix("-challenger") in components
    }


def _files(folder: Path, pattern: str) -> dict[str, str]:
    found = {path.name: path.read_text("utf-8") for path in sorted(folder.glob(pattern))}
    if not found:
        raise ConfigError(
            f"config `monitoring:files`: no {pattern} in {folder}; name the folder that has them: "
            "pulumi config set monitoring:files ../monitoring"
        )
    return found


def _sources() -> dict[str, Any]:
    source = {
        "name": "Prometheus",
        "type": "prometheus",
        "uid": "metrics",
        "access": "proxy",
        "url": f"http://{METRICS}:{PORT}",
        "isDefault": True,
        "editable": False,
    }
    return {"apiVersion": 1, "datasources": [source]}


def _folders(product: str) -> dict[str, Any]:
    provider = {"name": product, "type": "file", "options": {"path": SHOWN}}
    return {"apiVersion": 1, "providers": [{**provider, "allowUiUpdates": False}]}


def _address(service: Service, port: int) -> pulumi.Output[str]:
    return pulumi.Output.concat("http://", service.metadata.name, f":{port}")


def _most(storage: str) -> str:
    """Four fifths of the volume, in the notation of the server."""
    return f"{mebibytes(storage) * 4 // 5}MB"


def _digest(files: Mapping[str, str]) -> str:
    """A pod reads its files when it starts: other files are another pod."""
    return pieces.digest(*(word for pair in sorted(files.items()) for word in pair))
