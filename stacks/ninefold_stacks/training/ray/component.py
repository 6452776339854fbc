"""Ray in a cluster: a RayCluster of KubeRay, made of the training repository's own image.

Whoever connects needs the token; the head takes no tasks, and workers come and go with the work.
A step that is handed in as a job (`job` in technology.yaml) is started on the head: it plans there
what workers then do, and so outlives each of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import (
    ConfigMapEnvSourceArgs,
    EnvFromSourceArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    PodSpecArgs,
    TolerationArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking.v1 import (
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicySpecArgs,
)

from ninefold_stacks.configuration import ConfigError, generated, password, read
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.api_server import IDENTITY, identity, let_out
from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside
from ninefold_stacks.foundation.kubernetes.workload import Amount, Part, SecretKey, Text, pod
from ninefold_stacks.provision import METRICS, STEPS, TRAINING, Kind, Order, Provided, variables

from . import operator
from .form import Config

TYPE: Final = "ninefold:training:Ray"
PASSWORDS: Final = ("training",)
# For KubeRay, which asks for the version to know what it may use; the image holds this or a later.
VERSION: Final = "2.54.0"
CLIENTS: Final = 10001
DASHBOARD: Final = 8265
FIGURES: Final = 8080
AGENT: Final = 52365
HEALTH: Final = "/api/healthz"
NAMESPACE: Final = "kuberay-operator"  # where an operator of the whole cluster usually is
PORTS: Final = {"gcs": 6379, "client": CLIENTS, "dashboard": DASHBOARD, "metrics": FIGURES}


@dataclass(frozen=True)
class Crew:
    """The usual compute of an environment's size."""

    head: Amount
    worker: Amount
    least: int
    most: int


CREWS: Final[Mapping[str, Crew]] = {
    "small": Crew(
        Amount("250m", "1Gi", cpu_limit="1", memory_limit="2Gi"),
        Amount("500m", "1Gi", cpu_limit="2", memory_limit="3Gi"),
        1,
        2,
    ),
    "medium": Crew(
        Amount("1", "4Gi", cpu_limit="2"),
        Amount("4", "8Gi", cpu_limit="4", memory_limit="16Gi"),
        0,
        4,
    ),
    "large": Crew(Amount("2", "8Gi", cpu_limit="4"), Amount("8", "32Gi"), 0, 8),
}
SCALER: Final = Amount("100m", "384Mi", cpu_limit="500m", memory_limit="512Mi")
SETTINGS: Final[Mapping[str, Text]] = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "HOME": "/tmp",  # noqa: S108 - a volume of the pod's own
    # The image is the environment; nothing is built when a job starts.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


class Compute(pulumi.ComponentResource):
    """A head, workers between two numbers, and the token for both."""

    address: pulumi.Output[str]
    token: SecretKey

    def __init__(
        self,
        name: str,
        order: Order,
        config: Config,
        opts: pulumi.ResourceOptions | None = None,
        *,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        self.crew = _crew(order.site.size, config)
        super().__init__(TYPE, name, {}, opts)
        self.order = order
        self.config = config
        self.site = order.site.below(self)
        secret = self.site.secret(TRAINING, {"auth_token": password("training")})
        self.token = SecretKey(secret.metadata.name, "auth_token")
        self._inside()
        if self.crew.least < self.crew.most:
            self._scaling()
        cluster = CustomResource(
            TRAINING,
            api_version="ray.io/v1",
            kind="RayCluster",
            metadata=self.site.meta(TRAINING, TRAINING, **{"pulumi.com/skipAwait": "true"}),
            spec=self._spec(secret.metadata.name),
            opts=pulumi.ResourceOptions.merge(self.site.inside(secret, *after), self._scaled()),
        )
        # Known by its name once it is there.
        self.cluster = cluster.id.apply(lambda _: TRAINING)
        self.address = pulumi.Output.concat("ray://", self.cluster, f":{CLIENTS}")
        self.register_outputs({"compute_address": self.address, "cluster": self.cluster})

    def _scaled(self) -> pulumi.ResourceOptions:
        """How many workers there are now is the affair of whoever scales them."""
        own = ["spec.workerGroupSpecs[0].replicas"] if self.crew.least < self.crew.most else []
        return pulumi.ResourceOptions(ignore_changes=own)

    def _spec(self, secret: Text) -> dict[str, Any]:
        crew = self.crew
        return {
            "rayVersion": VERSION,
            "authOptions": {"mode": "token", "secretName": secret},
            # Without it another image, or other settings, would reach none of the pods.
            "upgradeStrategy": {"type": "Recreate"},
            "enableInTreeAutoscaling": crew.least < crew.most,
            "autoscalerOptions": self._scaler() if crew.least < crew.most else None,
            "headGroupSpec": {
                "serviceType": "ClusterIP",
                # Clients know it by this name.
                "headService": {"metadata": {"name": TRAINING}},
                # It plans only: work on it could end all work.
                "rayStartParams": {"num-cpus": "0", "dashboard-host": "0.0.0.0"},  # noqa: S104
                "template": self._template(self._head()),
            },
            "workerGroupSpecs": [
                {
                    "groupName": "workers",
                    "replicas": crew.least,
                    "minReplicas": crew.least,
                    "maxReplicas": crew.most,
                    "rayStartParams": {},
                    "template": self._template(self._worker()),
                }
            ],
        }

    def _template(self, pods: PodSpecArgs) -> dict[str, Any]:
        return {"metadata": {"labels": self.site.marked(TRAINING)}, "spec": self.site.fitted(pods)}

    def _head(self) -> PodSpecArgs:
        found = self._pod(
            Part(
                "head",
                self._image(),
                self.crew.head,
                ports=PORTS,
                settings={**SETTINGS, **self._connections()},
                secrets=_keys(self.order),
            )
        )
        if self.crew.least < self.crew.most:
            found.volumes = [*self._volumes(), identity()]
        return found

    def _worker(self) -> PodSpecArgs:
        found = self._pod(
            Part("worker", self._image(), self.crew.worker, ports={"metrics": FIGURES})
        )
        if self.config.get("gpus", 0):
            (container,) = _list(found.containers)
            gpu = {self.config.get("gpu_kind", "nvidia.com/gpu"): str(self.config["gpus"])}
            container.resources.limits |= gpu
            container.resources.requests |= gpu
        found.node_selector = self.config.get("worker_selector")
        found.tolerations = [
            TolerationArgs(key=key, operator="Exists", effect=effect)
            for key, effect in self.config.get("worker_tolerations", {}).items()
        ] or None
        return found

    def _pod(self, part: Part) -> PodSpecArgs:
        """A pod with what every step of the training repository has: its settings and its state."""
        state = f"/var/lib/{self.site.product}"
        found = pod(
            [
                Part(
                    **{
                        **part.__dict__,
                        "settings": {
                            **(part.settings or SETTINGS),
                            # A new password is a new pod: it is read at the start.
                            "PASSWORDS_DIGEST": _digest(),
                        },
                        "mounts": {"tmp": "/tmp", "state": state},  # noqa: S108
                        # Asked of the node's own agent: the image needs no program for it.
                        "ready": pieces.answered(HEALTH, port=AGENT, every=5, failures=12),
                        "alive": pieces.answered(HEALTH, port=AGENT, failures=12),
                    }
                )
            ],
            volumes=self._volumes(),
        )
        (container,) = _list(found.containers)
        container.env_from = [
            EnvFromSourceArgs(config_map_ref=ConfigMapEnvSourceArgs(name="settings")),
            # The platform makes it when it knows all that it provided.
            EnvFromSourceArgs(
                config_map_ref=ConfigMapEnvSourceArgs(name="connections", optional=True)
            ),
        ]
        return found

    def _connections(self) -> dict[str, Text]:
        """What a step that runs here finds, whichever of us is there first: the compute is here."""
        product = self.site.product
        here = Provided(settings={"compute_address": "auto"})
        return variables(product, [*self.order.before.values(), here])

    def _volumes(self) -> list[VolumeArgs]:
        claim = PersistentVolumeClaimVolumeSourceArgs(claim_name="state")
        return [
            pieces.scratch("tmp", limit=""),
            VolumeArgs(name="state", persistent_volume_claim=claim),
        ]

    def _scaler(self) -> dict[str, Any]:
        """It alone gets an identity: KubeRay lets that change this cluster's workers only."""
        usual = Part("scaler", self._image(), SCALER).container()
        return {
            "version": "v2",
            "idleTimeoutSeconds": self.config.get("idle_seconds", 60),
            "imagePullPolicy": "IfNotPresent",
            "resources": usual.resources,
            "securityContext": usual.security_context,
            "env": [{"name": "HOME", "value": "/tmp"}],  # noqa: S108
            "volumeMounts": [
                VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
                VolumeMountArgs(name="identity", mount_path=IDENTITY, read_only=True),
            ],
        }

    def _inside(self) -> None:
        """The parts of the compute speak with each other on ports that they agree on."""
        own = LabelSelectorArgs(match_labels={"ray.io/cluster": TRAINING})
        NetworkPolicy(
            "training-inside",
            metadata=self.site.meta("training-inside"),
            spec=NetworkPolicySpecArgs(
                pod_selector=own,
                policy_types=["Ingress", "Egress"],
                ingress=[
                    NetworkPolicyIngressRuleArgs(from_=[NetworkPolicyPeerArgs(pod_selector=own)])
                ],
                egress=[NetworkPolicyEgressRuleArgs(to=[NetworkPolicyPeerArgs(pod_selector=own)])],
            ),
            opts=self.site.inside(),
        )

    def _scaling(self) -> None:
        """The head asks the cluster's API for workers, wherever that is."""
        head = {"ray.io/cluster": TRAINING, "ray.io/node-type": "head"}
        let_out(self.site, "training-scaling", head, self.config.get("api_server", ""))

    def _image(self) -> str:
        return self.config.get("image") or self.order.image(TRAINING)


def provision(order: Order) -> Provided:
    """The compute, who may use it, and how a role repository finds it."""
    config = read(Config, pulumi.Config("training"))
    whose = config.get("operator", "own")
    if whose == "none":
        return Provided(
            settings={"compute_address": ""}, outputs={"compute_address": "", "cluster": ""}
        )
    after = [operator.Operator(order.site, config)] if whose == "own" else []
    options = pulumi.ResourceOptions(parent=order.site.parent)
    made = Compute(TRAINING, order, config, options, after=after)
    elsewhere = Outside(operator.NAME, namespace=config.get("operator_namespace", NAMESPACE))
    return Provided(
        settings={"compute_address": made.address},
        variables={"RAY_AUTH_MODE": "token"},
        secrets={"RAY_AUTH_TOKEN": made.token},
        flows=(
            Flow(STEPS, TRAINING, CLIENTS),
            Flow(STEPS, TRAINING, DASHBOARD),
            Flow(operator.NAME, TRAINING, DASHBOARD),
            Flow(METRICS, TRAINING, FIGURES),
        ),
        outside=() if whose == "own" else (elsewhere,),
        jobs=(Kind("ray.io", "rayjobs"),),
        outputs={"compute_address": made.address, "cluster": made.cluster},
    )


def _crew(size: str, config: Config) -> Crew:
    usual = CREWS[size]
    least = config.get("min_workers", min(usual.least, config.get("max_workers", usual.least)))
    most = config.get("max_workers", max(usual.most, least))
    if least > most:
        raise ConfigError(
            f"config `training:min_workers`: {least} is more than `training:max_workers` {most}; "
            f"set it: pulumi config set training:max_workers {least}"
        )
    return Crew(usual.head, usual.worker.told(config), least, most)


def _keys(order: Order) -> dict[str, SecretKey]:
    """The step that runs here reads files and writes its record: of all keys it needs these."""
    return {
        name: key
        for slot in ("model_registry", "metadata_store")
        for name, key in order.before.get(slot, Provided()).secrets.items()
    }


def _digest() -> pulumi.Output[str]:
    """Of the passwords that the pods read, whichever of them there are."""
    known = generated((TRAINING, "model_registry", "metadata_store"))
    values = pulumi.Output.all(*known.values())
    return pulumi.Output.unsecret(values.apply(lambda all_: pieces.digest(*all_)))


def _list(containers: Any) -> list[Any]:
    return list(containers)
