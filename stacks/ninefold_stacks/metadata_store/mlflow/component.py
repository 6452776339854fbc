"""Run records go to the server of the model registry: nothing more is made."""

from typing import Final

import pulumi

from ninefold_stacks.configuration import ConfigError, read
from ninefold_stacks.provision import Order, Provided

from .form import Config

PASSWORDS: Final = ()


def provision(order: Order) -> Provided:
    """The address of the model registry's server, where that is MLflow's."""
    read(Config, pulumi.Config("metadata_store"))
    registry = order.before.get("model_registry", Provided()).settings.get("registry")
    if registry is None:
        raise ConfigError(
            "config `technologies.metadata_store` is mlflow, which shares the server of the model "
            "registry; choose it there, too, or another metadata store: "
            "pulumi config set --path technologies.model_registry mlflow"
        )
    return Provided(settings={"metadata_store": registry}, outputs={"metadata_store": registry})
