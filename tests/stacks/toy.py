"""A small product with one of everything, built of the same pieces as the real ones."""

from dataclasses import replace
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import (
    EmptyDirVolumeSourceArgs,
    ExecActionArgs,
    ProbeArgs,
    VolumeArgs,
)

from ninefold_stacks.foundation.kubernetes import Foundation, cluster
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.foundation.kubernetes.traffic import Flow
from ninefold_stacks.foundation.kubernetes.workload import Amount, Part, SecretKey, pod

from emitted import World
from registration import Program

PROBE = ProbeArgs(exec_=ExecActionArgs(command=["true"]))
PASSWORD = "planted-3f9a"
OWNERS = {"devops-engineer": "@team/devops"}
ENVIRONMENT = "staging"
# It needs no stores, and has none made.
ELSEWHERE = {"kind": "existing", "secret": "elsewhere"}
ADOPTED: Any = {
    "object_store": {**ELSEWHERE, "bucket": "toy", "region": "eu-central-1"},
    "database": {**ELSEWHERE, "host": "database.example.org", "port": 5432},
    "key_value": {**ELSEWHERE, "host": "keys.example.org", "port": 6379},
}


def world() -> World:
    """Everything that it registers; it breaks no rule."""
    ran = Program(program, "toy", ENVIRONMENT, {}, {"password": PASSWORD}).run()
    return World(ran.objects, "toy", ENVIRONMENT, True, OWNERS, (PASSWORD,))


def program() -> None:
    """Two workloads, of which one has replicas and the other keeps data."""
    config: Any = {"product": "toy", "environment": "staging", "size": "small"}
    args: Any = {**config, **ADOPTED, "owners": OWNERS, "protect": True}
    provider = cluster({**config, "context": "bed"})
    foundation = Foundation("foundation", args, pulumi.ResourceOptions(provider=provider))
    labels, space = foundation.labels, foundation.namespace
    site = Site("toy", "staging", "small", space, labels, foundation, protect=True)
    site.secret("keys", {"password": pulumi.Config().require_secret("password")})
    site.settings("words", {"greeting": "hello"})
    site.volume("state", "1Gi")
    part = Part(
        "main",
        "registry.example/toy:1.2",
        Amount("100m", "128Mi"),
        secrets={"PASSWORD": SecretKey("keys", "password")},
        ports={"http": 8080},
        mounts={"tmp": "/tmp"},
        ready=PROBE,
        alive=PROBE,
    )
    spec = pod([part], volumes=[VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs())])
    site.deployment("front", spec, replicas=2)
    site.service("front", {"http": 8080})
    kept = replace(part, mounts={"data": "/data"})
    site.stateful("store", pod([kept]), [site.claimed("data", "1Gi")])
    site.service("store", {"http": 8080})
    site.flows("toy", [Flow("store", "store", 8080)])
