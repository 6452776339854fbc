"""Feast on the stores of a platform: views in the object store, rows in the key-value store.

Its registry is in the SQL database. The step `materialise` fills the stores, and the service reads
them through Feast. For everybody else there is a server of the data-engineering repository's image.
"""

from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMapEnvSourceArgs, EnvFromSourceArgs

from ninefold_stacks.configuration import read
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.traffic import Flow
from ninefold_stacks.foundation.kubernetes.workload import Amount, Part, SecretKey, Text, pod
from ninefold_stacks.provision import SERVING, STEPS, Order, Provided, flow_to, variables

from .form import Config

TYPE: Final = "ninefold:feature_store:Feast"
PASSWORDS: Final = ()
# Its database, and the role that owns it.
CONSUMER: Final = "features"
NAME: Final = "feature-server"
PORT: Final = 6566
HEALTH: Final = "/health"
ONLINE_PASSWORD: Final = "FEATURE_STORE_ONLINE_PASSWORD"  # noqa: S105 - the variable's name
# A small environment keeps its room for the steps.
SERVERS: Final[Mapping[str, int]] = {"small": 0, "medium": 1, "large": 2}
AMOUNT: Final = Amount("100m", "512Mi", cpu_limit="1", memory_limit="1Gi")


class Server(pulumi.ComponentResource):
    """Answers online features over HTTP, as the port of the data-engineering repository does."""

    address: pulumi.Output[str]

    def __init__(
        self,
        order: Order,
        config: Config,
        online: Text,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, NAME, {}, opts)
        site = order.site.below(self)
        package = f"{site.product.replace('-', '_')}_data_engineering"
        part = Part(
            name="server",
            image=order.image("data-engineering"),
            amount=AMOUNT.told(config),
            command=("python", "-m", f"{package}.feature_server"),
            arguments=("--host=0.0.0.0", f"--port={PORT}"),
            settings={
                **variables(site.product, [Provided(settings={"feature_store_online": online})]),
                "HOME": "/tmp",  # noqa: S108 - a volume of the pod's own
            },
            secrets={ONLINE_PASSWORD: SecretKey(order.keys.secret, "password")},
            ports={"http": PORT},
            mounts={"tmp": "/tmp"},  # noqa: S108
            # It answers before the first `materialise`, which waits for nobody.
            ready=pieces.answered(HEALTH, every=5),
            alive=pieces.answered(HEALTH, every=20),
            started=pieces.answered(HEALTH, every=3, failures=60),
        )
        pods = pod([part], volumes=[pieces.scratch("tmp")])
        (container,) = list(pods.containers)  # type: ignore[arg-type]
        container.env_from = [
            EnvFromSourceArgs(config_map_ref=ConfigMapEnvSourceArgs(name="settings"))
        ]
        site.deployment(NAME, pods, replicas=_servers(order, config))
        service = site.service(NAME, {"http": PORT})
        self.address = pulumi.Output.concat("http://", service.metadata.name, f":{PORT}")
        self.register_outputs({"server": self.address})


def provision(order: Order) -> Provided:
    """Where the role repositories find the stores, and who may ask them."""
    config = read(Config, pulumi.Config("feature_store"))
    objects, keys, database = order.objects, order.keys, order.database
    offline = pulumi.Output.concat("s3://", objects.bucket, "/", config.get("prefix", "features"))
    told = pulumi.Output.from_input(keys.tls)
    scheme = told.apply(lambda tls: "rediss://" if tls else "")
    online = pulumi.Output.concat(scheme, keys.host, ":", keys.port)
    registry = pulumi.Output.concat(
        f"postgresql://{CONSUMER}@", database.host, ":", database.port, f"/{CONSUMER}"
    )
    server: Text = ""
    flows: tuple[Flow, ...] = ()
    if _servers(order, config):
        opts = pulumi.ResourceOptions(parent=order.site.parent)
        server = Server(order, config, online, opts).address
        flows = (flow_to(keys, NAME), *(Flow(who, NAME, PORT) for who in (STEPS, SERVING)))
    return Provided(
        settings={
            "feature_store_offline": offline,
            "feature_store_online": online,
            "feature_store_registry": registry,
        },
        variables={"AWS_ENDPOINT_URL_S3": objects.endpoint, "AWS_REGION": objects.region},
        secrets={
            "AWS_ACCESS_KEY_ID": SecretKey(objects.secret, "AWS_ACCESS_KEY_ID"),
            "AWS_SECRET_ACCESS_KEY": SecretKey(objects.secret, "AWS_SECRET_ACCESS_KEY"),
            ONLINE_PASSWORD: SecretKey(keys.secret, "password"),
            "FEATURE_STORE_REGISTRY_PASSWORD": SecretKey(database.secret, CONSUMER),
        },
        flows=(
            *(flow_to(store, STEPS) for store in (objects, keys, database)),
            flow_to(objects, SERVING),
            flow_to(keys, SERVING),
            *flows,
        ),
        outputs={"offline": offline, "online": online, "server": server},
    )


def _servers(order: Order, config: Config) -> int:
    return config.get("servers", SERVERS[order.site.size])
