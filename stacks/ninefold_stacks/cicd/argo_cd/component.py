"""Delivery by Argo CD: the controller syncs the tree; this program tells it which.

The controller itself is the cluster's. Its usual project lets every application change everything;
the environment's own lets its applications change the kinds of its tree, in its namespace.

One application is made here, the root. It makes the others, which the tree states, one for each of
its parts. They stand in the environment's namespace and not in the controller's: there, whoever
may commit could name any project; from here only this one lets them in.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from ninefold_stacks.configuration import read
from ninefold_stacks.platform.release import FOLDER, documents, kinds, tree
from ninefold_stacks.provision import Order, Provided

from .form import ALWAYS, Config
from .policies import PARTS

PASSWORDS: Final = ()
TYPE: Final = "ninefold:cicd:ArgoCD"
NAME: Final = "delivery"
# Of an environment's tree the folder with its applications.
APPLICATIONS: Final = "applications"
GROUP: Final = "argoproj.io"
KIND: Final = "Application"
VERSION: Final = f"{GROUP}/v1alpha1"
CONTROLLER: Final = "argocd"
# What the server adds to an object, as to a route, is no difference.
COMPARED: Final = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}
HERE: Final = "https://kubernetes.default.svc"
# With an application goes what it made; the project stays until the last of them has gone.
FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"


class Delivery(pulumi.ComponentResource):
    """The root application of an environment, and the project that bounds it and all it makes."""

    application: pulumi.Output[str]

    def __init__(self, order: Order, config: Config) -> None:
        site = order.site
        super().__init__(TYPE, NAME, {}, pulumi.ResourceOptions(parent=site.parent))
        self.site = site.below(self)
        self.name = f"{site.product}-{site.environment}"
        self.controller = config.get("controller", CONTROLLER)
        self.place = {"server": HERE, "namespace": site.namespace}
        if config.get("network_policies", True):
            self._guard()
        documents(tree(site.environment) / APPLICATIONS)  # refused, where it is not there
        project = self._object("AppProject", self._bounds(config))
        made = self._object(KIND, self._root(config), project)
        self.application = made.id.apply(lambda _: self.name)  # known once it is there
        self.register_outputs({"application": self.application})

    def _guard(self) -> None:
        """Let in to the controller's pods who has to come in, and nobody else."""
        # Other environments of the cluster share them: they stay when this one goes.
        kept = pulumi.ResourceOptions.merge(
            self.site.inside(), pulumi.ResourceOptions(retain_on_delete=True)
        )
        for part in PARTS:
            head = ObjectMetaArgs(name=part.policy, namespace=self.controller, labels=part.labels)
            NetworkPolicy(part.policy, metadata=head, spec=part.spec(), opts=kept)

    def _bounds(self, config: Config) -> Mapping[str, Any]:
        known = sorted({*kinds(self.site.environment), (GROUP, KIND)})
        return {
            "description": f"{self.site.product} in {self.site.environment}",
            "sourceRepos": [config["repository"]],
            "sourceNamespaces": [self.site.namespace],
            "destinations": [self.place],
            "clusterResourceWhitelist": [],
            "namespaceResourceWhitelist": [{"group": one, "kind": kind} for one, kind in known],
            "syncWindows": _windows(config),
        }

    def _root(self, config: Config) -> Mapping[str, Any]:
        return {
            "project": self.name,
            "source": {
                "repoURL": config["repository"],
                "targetRevision": config.get("branch", "main"),
                "path": f"{FOLDER}/{self.site.environment}/{APPLICATIONS}",
                "kustomize": {"patches": [_followed(config)]},
            },
            "destination": self.place,
            "revisionHistoryLimit": 10,
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "retry": {"limit": 5, "backoff": {"duration": "10s", "factor": 2}},
                # Fields that the tree does not state, such as replicas, are others' to set; an
                # object that another application has is not taken from it.
                "syncOptions": ["ServerSideApply=true", "FailOnSharedResource=true"],
            },
        }

    def _object(
        self, kind: str, spec: Mapping[str, Any], *after: pulumi.Resource
    ) -> CustomResource:
        return CustomResource(
            f"{NAME}-{kind.lower()}",
            api_version=VERSION,
            kind=kind,
            metadata=ObjectMetaArgs(
                name=self.name,
                namespace=self.controller,
                labels=self.site.marked(NAME),
                annotations={
                    **self.site.annotations,
                    **COMPARED,
                    "pulumi.com/skipAwait": "true",
                },
                finalizers=[FINALIZER],
            ),
            spec=spec,
            opts=self.site.inside(*after),
        )


def provision(order: Order) -> Provided:
    """Tell the controller of the environment's tree."""
    made = Delivery(order, read(Config, pulumi.Config("cicd")))
    return Provided(outputs={"application": made.application})


def _followed(config: Config) -> Mapping[str, Any]:
    """Tell the applications of the tree what its commits do not know: where they are fetched."""
    stated = {"repoURL": config["repository"], "targetRevision": config.get("branch", "main")}
    changes = [
        {"op": "add", "path": f"/spec/source/{name}", "value": value}
        for name, value in stated.items()
    ]
    return {"target": {"group": GROUP, "kind": KIND}, "patch": json.dumps(changes)}


def _windows(config: Config) -> list[Mapping[str, Any]]:
    if config.get("window", ALWAYS) == ALWAYS:
        return []
    return [
        {
            "kind": "allow",
            "schedule": config["window"],
            "duration": f"{config.get('window_hours', 8)}h",
            "timeZone": config.get("window_zone", "UTC"),
            "applications": ["*"],
            # A person may bring back by night what serves: the windows bind the controller.
            "manualSync": True,
        }
    ]
