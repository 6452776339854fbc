"""KubeRay for one namespace: it sees and changes nothing outside of it.

Each environment has its own, in the version of its program, so that a new one goes the way of every
change. What it needs of the whole cluster are the definitions of its kinds: they are taken from its
makers' repository by a commit, shared by all environments, and stay when one goes.
"""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import PodSpecArgs
from pulumi_kubernetes.rbac.v1 import PolicyRuleArgs
from pulumi_kubernetes.yaml.v2 import ConfigGroup

from ninefold_stacks import pinned
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.api_server import IDENTITY, identity, let_out
from ninefold_stacks.foundation.kubernetes.site import Site, allowed
from ninefold_stacks.foundation.kubernetes.workload import COMPONENT, Amount, Part, pod

from .form import Config

TYPE: Final = "ninefold:training:Operator"
NAME: Final = "training-operator"
IMAGE: Final = "quay.io/kuberay/operator"
SOURCE: Final = "ray-project/kuberay"
FOLDER: Final = "ray-operator/config/crd/bases"
# Where one of them is missing it does not start, although nothing here makes a RayService.
KINDS: Final = ("rayclusters", "rayjobs", "rayservices")
HEALTH: Final = 8082
USUAL: Final = Amount("50m", "128Mi", cpu_limit="500m", memory_limit="512Mi")
ALL: Final = ("create", "delete", "get", "list", "patch", "update", "watch")


class Operator(pulumi.ComponentResource):
    """The operator's pod, what it may do in its namespace, and the kinds that it knows."""

    def __init__(self, site: Site, config: Config) -> None:
        super().__init__(TYPE, NAME, {}, pulumi.ResourceOptions(parent=site.parent))
        self.config = config
        self.site = site.below(self)
        account = self.site.account(NAME)
        granted = self.site.entitle(NAME, account, rules())
        spec = self._pod()
        spec.service_account_name = account.metadata.name
        let_out(self.site, f"{NAME}-api", {COMPONENT: NAME}, config.get("api_server", ""))
        needed = [granted, *self._definitions()]
        self.deployment = self.site.deployment(NAME, spec, after=needed)
        self.register_outputs({"deployment": self.deployment.metadata.name})

    def _definitions(self) -> list[pulumi.Resource]:
        """The kinds, unless somebody else brings them."""
        where = self.config.get("definitions", "published")
        if where == "existing":
            return []
        if where == "published":
            where = pinned.files(SOURCE, FOLDER)
        options = pulumi.ResourceOptions(
            parent=self,
            # With a definition goes every object of its kind, in all environments.
            retain_on_delete=True,
        )
        files = [f"{where}/ray.io_{kind}.yaml" for kind in KINDS]
        return [ConfigGroup(f"{NAME}-definitions", files=files, opts=options)]

    def _pod(self) -> PodSpecArgs:
        return pod(
            [
                Part(
                    "operator",
                    self.config.get("operator_image") or pinned.image(IMAGE),
                    USUAL,
                    arguments=[pulumi.Output.concat("--watch-namespace=", self.site.namespace)],
                    ports={"health": HEALTH},
                    mounts={"identity": IDENTITY},
                    ready=pieces.answered("/readyz", port="health"),
                    alive=pieces.answered("/healthz", port="health"),
                )
            ],
            volumes=[identity()],
        )


def rules() -> list[PolicyRuleArgs]:
    """What it does for a RayCluster and a RayJob, in its namespace.

    It keeps a copy of what it follows, so it must be able to list Secrets, of which it reads the
    compute's token. Of the rights that it hands on to what scales it must have each itself.
    """
    return [
        allowed("", ["pods"], *ALL, "deletecollection"),
        allowed("", ["pods/resize"], "patch"),
        allowed("", ["services"], *ALL),
        allowed("", ["events"], "create", "patch"),
        allowed("", ["secrets"], "get", "list", "watch"),
        allowed("", ["serviceaccounts"], "create", "get", "list", "watch"),
        allowed("rbac.authorization.k8s.io", ["roles"], "create", "get", "list", "update", "watch"),
        allowed("rbac.authorization.k8s.io", ["rolebindings"], "create", "get", "list", "watch"),
        allowed("batch", ["jobs"], *ALL),
        allowed("coordination.k8s.io", ["leases"], "create", "get", "list", "update"),
        allowed("ray.io", KINDS, *ALL),
        allowed("ray.io", [f"{kind}/status" for kind in KINDS], "get", "patch", "update"),
        allowed("ray.io", [f"{kind}/finalizers" for kind in KINDS], "update"),
    ]
