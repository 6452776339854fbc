"""The foundation of a product in an existing Kubernetes cluster."""

from ninefold_stacks.foundation.kubernetes.cluster import cluster
from ninefold_stacks.foundation.kubernetes.component import Foundation, FoundationArgs
from ninefold_stacks.foundation.kubernetes.form import Config, Outputs

__all__ = ["Config", "Foundation", "FoundationArgs", "Outputs", "cluster"]
