"""The foundation of a product in an existing Kubernetes cluster."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from ninefold_stacks.configuration import read
from ninefold_stacks.foundation.kubernetes.arguments import arguments
from ninefold_stacks.foundation.kubernetes.cluster import cluster
from ninefold_stacks.foundation.kubernetes.component import Foundation, FoundationArgs
from ninefold_stacks.foundation.kubernetes.form import Config, Outputs
from ninefold_stacks.foundation.kubernetes.stores import PASSWORDS

__all__ = ["PASSWORDS", "Config", "Foundation", "FoundationArgs", "Outputs", "arguments", "cluster"]
# Nobody outside knows the pods of just any cluster.
IDENTITY: Final = ""


def provision() -> Mapping[str, Any]:
    """Make the foundation that the stack's configuration asks for; what it exports."""
    config = read(Config)
    opts = pulumi.ResourceOptions(provider=cluster(config))
    return Foundation("foundation", arguments(config), opts).outputs()


def outside(outputs: Mapping[str, Any]) -> Mapping[str, pulumi.Input[str]]:
    """Everything is in the cluster, but for what the configuration adopts and names itself."""
    return {}
