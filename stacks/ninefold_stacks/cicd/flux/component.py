"""Delivery by Flux: its controllers fetch the tree and apply it; this program tells them which.

The controllers are the cluster's. They act for the environment as a service account that may change
the kinds of its tree, in its namespace, and nothing else. Each part of the tree is applied by
itself, so that none holds up another.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.rbac.v1 import PolicyRuleArgs

from ninefold_stacks.configuration import read
from ninefold_stacks.foundation.kubernetes.site import allowed
from ninefold_stacks.platform.release import FOLDER, kinds, parts
from ninefold_stacks.provision import Order, Provided

from .form import Config

PASSWORDS: Final = ()
TYPE: Final = "ninefold:cicd:Flux"
NAME: Final = "delivery"
SOURCE: Final = "source.toolkit.fluxcd.io/v1"
TREE: Final = "kustomize.toolkit.fluxcd.io/v1"
VERBS: Final = ("get", "list", "watch", "create", "update", "patch", "delete")


class Delivery(pulumi.ComponentResource):
    """The repository, the parts of the tree in it, and as whom they are applied."""

    kustomizations: pulumi.Output[str]

    def __init__(self, order: Order, config: Config) -> None:
        site = order.site
        super().__init__(TYPE, NAME, {}, pulumi.ResourceOptions(parent=site.parent))
        self.site = site.below(self)
        rules = _rules(site.environment)
        bound = self.site.entitle(NAME, self.site.account(NAME), rules)
        fetched = self._object(SOURCE, "GitRepository", NAME, _source(config))
        applied = {
            name: self._object(TREE, "Kustomization", name, self._part(name), fetched, bound).id
            for name in parts(site.environment)
        }
        # Known once they are there.
        self.kustomizations = pulumi.Output.all(**applied).apply(lambda all_: ", ".join(all_))
        self.register_outputs({"kustomizations": self.kustomizations})

    def _part(self, name: str) -> Mapping[str, Any]:
        return {
            "sourceRef": {"kind": "GitRepository", "name": NAME},
            "path": f"./{FOLDER}/{self.site.environment}/{name}",
            "serviceAccountName": NAME,
            "interval": "10m",
            "retryInterval": "1m",
            "timeout": "10m",
            "prune": True,
            "wait": True,
        }

    def _object(
        self,
        version: str,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        *after: pulumi.Resource,
    ) -> CustomResource:
        return CustomResource(
            f"{name}-{kind.lower()}",
            api_version=version,
            kind=kind,
            metadata=self.site.meta(name, NAME, **{"pulumi.com/skipAwait": "true"}),
            spec=spec,
            opts=self.site.inside(*after),
        )


def provision(order: Order) -> Provided:
    """Tell the controllers of the environment's tree."""
    made = Delivery(order, read(Config, pulumi.Config("cicd")))
    return Provided(outputs={"kustomizations": made.kustomizations})


def _source(config: Config) -> Mapping[str, Any]:
    opened = {"secretRef": {"name": config["credentials"]}} if "credentials" in config else {}
    return {
        "url": config["repository"],
        "ref": {"branch": config.get("branch", "main")},
        "interval": "1m",
        **opened,
    }


def _rules(environment: str) -> list[PolicyRuleArgs]:
    return [
        allowed(group, [_plural(kind) for _, kind in each], *VERBS)
        for group, each in groupby(kinds(environment), key=lambda one: one[0])
    ]


def _plural(kind: str) -> str:
    """How the API calls objects of a kind."""
    name = kind.lower()
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
