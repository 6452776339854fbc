"""The provider of an existing cluster."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from ninefold_stacks.configuration import ConfigError


def cluster(
    config: Mapping[str, object], outputs: Mapping[str, object] | None = None
) -> kubernetes.Provider:
    """The cluster that the configuration names; never the one that happens to be the current one.

    After a killed run a plain `up` goes on: what exists already is taken over.
    """
    if "context" not in config:
        raise ConfigError(
            "config `context` is missing, so the cluster is not known; see "
            "`kubectl config get-contexts`, then set it: pulumi config set context NAME"
        )
    # Left out, the path of the moment would go into the state, where another machine reads it.
    return provider(context=str(config["context"]), kubeconfig="")


def provider(
    kubeconfig: pulumi.Input[str],
    context: str | None = None,
    after: Sequence[pulumi.Resource] = (),
) -> kubernetes.Provider:
    """What talks to the cluster; `after` are the resources that it waits for."""
    return kubernetes.Provider(
        "cluster",
        context=context,
        kubeconfig=kubeconfig,
        upsert_existing_objects=True,
        enable_patch_force=True,
        # Their names stay: replaced, they would be away for a moment.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        opts=pulumi.ResourceOptions(depends_on=list(after) or None),
    )
