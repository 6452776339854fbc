"""The prediction service's place in a cluster; its workload is a release object."""

from typing import Final

import pulumi

from ninefold_stacks.configuration import read
from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside
from ninefold_stacks.provision import CHALLENGER, SERVING, SERVING_PORT, Order, Provided

from .form import Config

PASSWORDS: Final = ()
GATEWAY: Final = "gateway"


def provision(order: Order) -> Provided:
    """Let the cluster's gateway in; every pod keeps its own scratch files."""
    config = read(Config, pulumi.Config("serving"))
    order.site.account(SERVING)
    return Provided(
        variables={"BENTOML_HOME": "/tmp/bentoml"},  # noqa: S108 - an empty volume of the pod
        flows=(Flow(GATEWAY, SERVING, SERVING_PORT), Flow(GATEWAY, CHALLENGER, SERVING_PORT)),
        outside=(Outside(GATEWAY, namespace=config.get("gateway_namespace", GATEWAY)),),
    )
