"""The provider of an existing cluster."""

import pulumi_kubernetes as kubernetes

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation.kubernetes.form import Config


def cluster(config: Config) -> kubernetes.Provider:
    """The cluster that the configuration names; never the one that happens to be the current one.

    After a killed run a plain `up` goes on: what exists already is taken over.
    """
    if "context" not in config:
        raise ConfigError(
            "config `context` is missing, so the cluster is not known; see "
            "`kubectl config get-contexts`, then set it: pulumi config set context NAME"
        )
    return kubernetes.Provider(
        "cluster",
        context=config["context"],
        upsert_existing_objects=True,
        enable_patch_force=True,
    )
