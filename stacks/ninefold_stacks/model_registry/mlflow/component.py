"""MLflow's server: versions and runs in the SQL database, artifacts in the object store.

Clients see the server only. It asks for a password, answers under its own names only, and holds
the credentials of the stores: no role repository needs any of them.
"""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, EnvVarArgs

from ninefold_stacks.configuration import password, read
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.traffic import Flow
from ninefold_stacks.foundation.kubernetes.workload import Amount, Part, SecretKey, Text, pod
from ninefold_stacks.provision import SERVING, STEPS, TRAINING, Order, Provided, flow_to

from .form import Config

TYPE: Final = "ninefold:model_registry:Mlflow"
NAME: Final = "model-registry"
PORT: Final = 5000
PASSWORDS: Final = ("model_registry", "model_registry_session")
USER: Final = "admin"
# Its database and the folder of its artifacts.
CONSUMER: Final = "registry"
# Both hold the program that prepares the tables and the server itself.
PREPARE: Final = ("python", "/opt/app/prepare.py")
SERVE: Final = ("mlflow", "server", f"--port={PORT}", "--host=0.0.0.0", "--app-name=basic-auth")
SETTINGS: Final = "/etc/model-registry"
HEALTH: Final = "/health"
# A worker takes about 350 MiB.
AMOUNTS: Final[Mapping[str, tuple[int, Amount]]] = {
    "small": (1, Amount("250m", "768Mi", cpu_limit="1", memory_limit="1Gi")),
    "medium": (2, Amount("500m", "1536Mi", cpu_limit="2", memory_limit="2Gi")),
    "large": (4, Amount("1", "3Gi", cpu_limit="4", memory_limit="4Gi")),
}
# What may follow a namespace in the name of a Service.
TAILS: Final = ("", ".svc", ".svc.cluster.local")
QUIET: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # Nothing that is run for evaluations or gateways: more processes, and keys to look after.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "HOME": "/tmp",  # noqa: S108 - a volume of the pod's own
}


class Registry(pulumi.ComponentResource):
    """The server, its Service and what both need."""

    address: pulumi.Output[str]
    password: SecretKey

    def __init__(
        self,
        name: str,
        order: Order,
        config: Config,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        self.order = order
        self.config = config
        self.site = order.site.below(self)
        secret = self.site.secret(
            NAME,
            {
                "password": password("model_registry"),
                "session": password("model_registry_session"),
            },
        )
        self.password = SecretKey(secret.metadata.name, "password")
        self.session = SecretKey(secret.metadata.name, "session")
        self._server(self.site.settings(NAME, {"auth.ini": self._accounts()}))
        service = self.site.service(NAME, {"http": PORT})
        self.address = pulumi.Output.concat("http://", service.metadata.name, f":{PORT}")
        self.register_outputs({"registry": self.address})

    def _server(self, accounts: ConfigMap) -> None:
        workers, usual = AMOUNTS[self.site.size]
        pods = pod(
            [self._part(usual.told(self.config), self.config.get("workers", workers))],
            before=[self._preparation()],
            volumes=[pieces.scratch("tmp", limit=""), pieces.texts("accounts", accounts)],
        )
        (server,) = _list(pods.containers)
        server.env = self._with_artifacts(server.env)
        self.site.identify(NAME, pods)
        self.site.deployment(NAME, pods, replicas=self.config.get("replicas", 1))

    def _with_artifacts(self, variables: Any) -> pulumi.Output[list[EnvVarArgs]]:
        """And how the object store is reached; which of it is stated, another stack tells."""
        objects = self.order.objects
        told = pulumi.Output.all(objects.endpoint, objects.secret)
        return told.apply(lambda both: [*variables, *_access(*both)])

    def _part(self, amount: Amount, workers: int) -> Part:
        return Part(
            name="server",
            image=self._image(),
            amount=amount,
            command=SERVE,
            arguments=(
                f"--workers={workers}",
                "--serve-artifacts",
                pulumi.Output.concat("--allowed-hosts=", self._hosts()),
            ),
            settings=self._settings(),
            secrets=self._secrets(),
            ports={"http": PORT},
            mounts={"tmp": "/tmp", "accounts": SETTINGS},  # noqa: S108
            ready=pieces.answered(HEALTH, every=5, failures=3),
            alive=pieces.answered(HEALTH, every=20, failures=3),
            # It migrates nothing here, but it takes a while to import itself.
            started=pieces.answered(HEALTH, every=3, failures=60),
        )

    def _preparation(self) -> Part:
        """Brings the tables to this version and the password to today's, before each start."""
        return Part(
            name="prepare",
            image=self._image(),
            amount=Amount("100m", "512Mi", cpu_limit="1", memory_limit="768Mi"),
            command=PREPARE,
            settings=self._settings(),
            secrets=self._secrets(),
            mounts={"tmp": "/tmp", "accounts": SETTINGS},  # noqa: S108
        )

    def _image(self) -> str:
        return self.config.get("image") or self.order.image(NAME)

    def _settings(self) -> dict[str, Text]:
        objects = self.order.objects
        return {
            **QUIET,
            "MLFLOW_BACKEND_STORE_URI": self._database(),
            "MLFLOW_ARTIFACTS_DESTINATION": pulumi.Output.concat(
                "s3://", objects.bucket, f"/{CONSUMER}"
            ),
            "MLFLOW_AUTH_CONFIG_PATH": f"{SETTINGS}/auth.ini",
            "MLFLOW_AUTH_ADMIN_USERNAME": USER,
            "AWS_REGION": objects.region,
            "AWS_DEFAULT_REGION": objects.region,
            # A new password is a new pod: a server reads it when it starts.
            "PASSWORDS_DIGEST": self._digest(),
        }

    def _secrets(self) -> dict[str, SecretKey]:
        return {
            # Read by the database's own library: it stands in no address.
            "PGPASSWORD": SecretKey(self.order.database.secret, CONSUMER),
            "MLFLOW_AUTH_ADMIN_PASSWORD": self.password,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": self.session,
        }

    def _accounts(self) -> pulumi.Output[str]:
        return pulumi.Output.concat(
            "[mlflow]\n",
            "default_permission = READ\n",
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
            "database_uri = ",
            self._database(),
            "\n",
            # Otherwise every request pays for a slow hash of the password.
            "auth_cache_ttl_seconds = 60\n",
        )

    def _database(self) -> pulumi.Output[str]:
        server = self.order.database
        return pulumi.Output.concat(
            f"postgresql+psycopg2://{CONSUMER}@", server.host, ":", server.port, f"/{CONSUMER}"
        )

    def _hosts(self) -> pulumi.Output[str]:
        """The names that a request may be for: those of the Service, and of a forwarded port."""
        more = self.config.get("hosts", "")

        def names(namespace: str) -> str:
            inside = [NAME + end for end in ("", *(f".{namespace}{tail}" for tail in TAILS))]
            own = [*inside, "localhost", "127.0.0.1"]
            ported = [f"{name}:{PORT}" for name in own]
            return ",".join(filter(None, [*own, *ported, more]))

        return pulumi.Output.from_input(self.site.namespace).apply(names)

    def _digest(self) -> pulumi.Output[str]:
        both = pulumi.Output.all(*(password(name) for name in PASSWORDS))
        return pulumi.Output.unsecret(both.apply(lambda known: pieces.digest(*known)))


def provision(order: Order) -> Provided:
    """The server, who may ask it, and how a role repository finds it."""
    config = read(Config, pulumi.Config("model_registry"))
    made = Registry(NAME, order, config, pulumi.ResourceOptions(parent=order.site.parent))
    return Provided(
        settings={"registry": made.address},
        variables={"MLFLOW_TRACKING_USERNAME": USER},
        secrets={"MLFLOW_TRACKING_PASSWORD": made.password},
        flows=(
            *(Flow(source, NAME, PORT) for source in (STEPS, TRAINING, SERVING)),
            flow_to(order.database, NAME),
            flow_to(order.objects, NAME),
        ),
        outputs={"registry": made.address},
    )


def _access(endpoint: str, secret: str) -> list[EnvVarArgs]:
    """Where the store is, unless it is the provider's own; and its keys, unless pods are known."""
    place = {
        "MLFLOW_S3_ENDPOINT_URL": endpoint,
        "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path",
    }
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return [
        *(EnvVarArgs(name=name, value=value) for name, value in place.items() if endpoint),
        *(SecretKey(secret, key).variable(key) for key in keys if secret),
    ]


def _list(containers: Any) -> list[Any]:
    return list(containers)
