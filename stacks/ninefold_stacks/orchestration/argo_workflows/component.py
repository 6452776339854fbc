"""Argo Workflows for a product: who may report the end of a step, and hand steps to the compute.

Its controller is the cluster's; workflows and schedules are release objects.
"""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret, ServiceAccount

from ninefold_stacks.configuration import read
from ninefold_stacks.foundation.kubernetes.api_server import let_out
from ninefold_stacks.foundation.kubernetes.site import Site, allowed
from ninefold_stacks.foundation.kubernetes.traffic import Flow
from ninefold_stacks.foundation.kubernetes.workload import COMPONENT
from ninefold_stacks.provision import SERVING, SERVING_PORT, STEPS, Order, Provided

from .form import Config

PASSWORDS: Final = ()
TYPE: Final = "ninefold:orchestration:ArgoWorkflows"
GROUP: Final = "argoproj.io"


class Reporters(pulumi.ComponentResource):
    """The identity of what executes steps: it may report their end, and nothing else.

    Where the compute takes steps as objects, it may make those, too, and look how they get on;
    they are deleted with the workflow that owns them, and some clusters ask whether it may say so.
    """

    service_account: pulumi.Output[str]

    def __init__(self, order: Order) -> None:
        site = order.site
        super().__init__(TYPE, STEPS, {}, pulumi.ResourceOptions(parent=site.parent))
        rules = [allowed(GROUP, ["workflowtaskresults"], "create", "patch")]
        kinds = [kind for one in order.before.values() for kind in one.jobs]
        rules += [allowed(kind.group, [kind.resource], "create", "get") for kind in kinds]
        if kinds:
            rules.append(allowed(GROUP, ["workflows/finalizers"], "update"))
        own = site.below(self)
        account = own.account(STEPS)
        own.entitle(STEPS, account, rules)
        self._token(own, account)
        self.service_account = account.metadata.name
        self.register_outputs({"service_account": self.service_account})

    def _token(self, site: Site, account: ServiceAccount) -> None:
        """For the executor alone: Argo mounts it by this name where pods get no token."""
        Secret(
            f"{STEPS}-token",
            type="kubernetes.io/service-account-token",
            metadata=site.meta(
                f"{STEPS}.service-account-token",
                STEPS,
                **{"kubernetes.io/service-account.name": account.metadata.name},
            ),
            opts=site.inside(account),
        )


def provision(order: Order) -> Provided:
    """Let steps report to the cluster, and ask the service."""
    config = read(Config, pulumi.Config("orchestration"))
    made = Reporters(order)
    let_out(order.site, "steps-reports", {COMPONENT: STEPS}, config.get("api_server", ""))
    return Provided(
        flows=(Flow(STEPS, SERVING, SERVING_PORT),),
        outputs={"service_account": made.service_account},
    )
