"""How the cluster is reached: by whoever runs the program, with credentials of the moment."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from ninefold_stacks.foundation.kubernetes.cluster import provider


def cluster(
    config: Mapping[str, Any],
    outputs: Mapping[str, Any],
    after: Sequence[pulumi.Resource] = (),
) -> kubernetes.Provider:
    """The cluster that the foundation made; who asks it is whoever runs the program."""
    told: pulumi.Output[dict[str, str]] = pulumi.Output.all(
        **{name: outputs["cluster"][name] for name in ("name", "region", "endpoint", "authority")}
    )
    return provider(told.apply(kubeconfig), after=after)


def kubeconfig(told: Mapping[str, str]) -> str:
    """Credentials are asked for when they are needed: none stands in here."""
    name = told["name"]
    asked = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", name, "--region", told["region"]],
        "interactiveMode": "Never",
    }
    server = {"server": told["endpoint"], "certificate-authority-data": told["authority"]}
    found = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"exec": asked}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return json.dumps(found)
