"""Pieces of a workload that Pod Security *restricted* accepts.

Every container has requests, limits and probes, writes only where a volume is mounted, and gets no
token of the cluster's API. The user is a fixed one, unless the cluster assigns users by itself
(`Site.fitted`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import pulumi
from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ExecActionArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PodSecurityContextArgs,
    PodSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SeccompProfileArgs,
    SecretKeySelectorArgs,
    SecurityContextArgs,
    VolumeArgs,
    VolumeMountArgs,
)

Text = pulumi.Input[str]
COMPONENT: Final = "app.kubernetes.io/component"
USER: Final = 1000


@dataclass(frozen=True)
class Amount:
    """What a container asks for and may take, in the notation of Kubernetes."""

    cpu: str
    memory: str
    cpu_limit: str = ""  # as much as it asks for, unless stated
    memory_limit: str = ""

    def told(self, config: Mapping[str, Any]) -> Self:
        """What `cpu` and `memory` of a configuration say, else this."""
        return replace(
            self,
            cpu=config.get("cpu", self.cpu),
            memory=config.get("memory", self.memory),
            cpu_limit=config.get("cpu", self.cpu_limit),
            memory_limit=config.get("memory", self.memory_limit),
        )

    def requirements(self) -> ResourceRequirementsArgs:
        """Requests and limits of a container."""
        return ResourceRequirementsArgs(
            requests={"cpu": self.cpu, "memory": self.memory},
            limits={
                "cpu": self.cpu_limit or self.cpu,
                "memory": self.memory_limit or self.memory,
            },
        )


def mebibytes(amount: str) -> int:
    """An amount of memory or storage as a number."""
    return int(amount[:-2]) * {"Mi": 1, "Gi": 1024, "Ti": 1024 * 1024}[amount[-2:]]


@dataclass(frozen=True)
class SecretKey:
    """A value that stands in a Secret of the namespace; it is never copied into the program."""

    secret: Text
    key: str

    def variable(self, name: str) -> EnvVarArgs:
        """An environment variable with this value."""
        selector = SecretKeySelectorArgs(name=self.secret, key=self.key)
        return EnvVarArgs(name=name, value_from=EnvVarSourceArgs(secret_key_ref=selector))


@dataclass(frozen=True)
class Part:
    """A container as its component describes it."""

    name: str
    image: Text
    amount: Amount
    command: Sequence[Text] = ()
    arguments: Sequence[Text] = ()
    settings: Mapping[str, Text] = field(default_factory=dict)
    secrets: Mapping[str, SecretKey] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)  # volume -> path
    ready: ProbeArgs | None = None
    alive: ProbeArgs | None = None
    started: ProbeArgs | None = None
    after: Sequence[Text] = ()  # a command inside, at each start; if it fails, so does the start

    def container(self) -> ContainerArgs:
        """The container, with nothing more than it needs."""
        plain = [EnvVarArgs(name=name, value=value) for name, value in self.settings.items()]
        hidden = [key.variable(name) for name, key in self.secrets.items()]
        return ContainerArgs(
            name=self.name,
            image=self.image,
            image_pull_policy="IfNotPresent",
            command=list(self.command) or None,
            args=list(self.arguments) or None,
            env=[*plain, *hidden] or None,
            ports=[
                ContainerPortArgs(name=name, container_port=port)
                for name, port in self.ports.items()
            ]
            or None,
            volume_mounts=[
                VolumeMountArgs(name=name, mount_path=path) for name, path in self.mounts.items()
            ]
            or None,
            resources=self.amount.requirements(),
            readiness_probe=self.ready,
            liveness_probe=self.alive,
            startup_probe=self.started,
            lifecycle=_after(self.after) if self.after else None,
            security_context=SecurityContextArgs(
                allow_privilege_escalation=False,
                read_only_root_filesystem=True,
                capabilities=CapabilitiesArgs(drop=["ALL"]),
            ),
        )


def _after(command: Sequence[Text]) -> LifecycleArgs:
    return LifecycleArgs(
        post_start=LifecycleHandlerArgs(exec_=ExecActionArgs(command=list(command)))
    )


def pod(
    parts: Sequence[Part],
    *,
    volumes: Sequence[VolumeArgs] = (),
    before: Sequence[Part] = (),
    restart: str | None = None,
    grace: int = 30,
) -> PodSpecArgs:
    """A pod that *restricted* accepts."""
    return PodSpecArgs(
        containers=[part.container() for part in parts],
        init_containers=[part.container() for part in before] or None,
        volumes=list(volumes) or None,
        automount_service_account_token=False,
        enable_service_links=False,
        restart_policy=restart,
        termination_grace_period_seconds=grace,
        security_context=PodSecurityContextArgs(
            run_as_non_root=True,
            run_as_user=USER,
            run_as_group=USER,
            fs_group=USER,
            fs_group_change_policy="OnRootMismatch",
            seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
        ),
    )
