"""Where workloads are made, and for whom; and the objects that most of them consist of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps.v1 import (
    Deployment,
    DeploymentSpecArgs,
    StatefulSet,
    StatefulSetSpecArgs,
)
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    LocalObjectReferenceArgs,
    PersistentVolumeClaim,
    PersistentVolumeClaimArgs,
    PersistentVolumeClaimSpecArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    Secret,
    Service,
    ServiceAccount,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs
from pulumi_kubernetes.rbac.v1 import (
    PolicyRuleArgs,
    Role,
    RoleBinding,
    RoleRefArgs,
    SubjectArgs,
)

from ninefold_stacks.foundation.kubernetes.traffic import Flow, Outside, policies
from ninefold_stacks.foundation.kubernetes.workload import COMPONENT, Text

PART_OF: Final = "app.kubernetes.io/part-of"


@dataclass(frozen=True)
class Site:
    """A product's namespace in one environment.

    `parent` is the component whose resources are made; `protect` keeps what holds data from being
    deleted; `labels` stand on everything.
    """

    product: str
    environment: str
    size: str
    namespace: Text
    labels: Mapping[str, str]
    parent: pulumi.Resource
    storage_class: str = ""
    protect: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)
    # What opens the registry of the images, if anything does.
    image_pull_secret: str = ""
    # Users and groups are the cluster's to give: it refuses pods that state their own.
    assigned_uids: bool = False
    # The annotation that lends a workload an identity outside the cluster, and whom it names, by
    # workload; without one, pods are nobody.
    identity: str = ""
    identities: pulumi.Output[Mapping[str, str]] | None = None

    def below(self, parent: pulumi.Resource) -> "Site":
        """The same place for the resources of another component."""
        return Site(**{**self.__dict__, "parent": parent})

    def meta(self, name: str, component: str = "", **annotations: Text) -> ObjectMetaArgs:
        """Name, namespace, labels and owners of an object; `component` marks its workload."""
        return ObjectMetaArgs(
            name=name,
            namespace=self.namespace,
            labels=self.marked(component) if component else dict(self.labels),
            annotations={**self.annotations, **annotations} or None,
        )

    def marked(self, component: str) -> dict[str, str]:
        """The labels of a workload's objects and pods."""
        return {**self.labels, COMPONENT: component}

    def selected(self, component: str) -> dict[str, str]:
        """Of the labels of a workload's pods those that never change, as selectors must not."""
        return {COMPONENT: component, PART_OF: self.labels[PART_OF]}

    def inside(self, *after: pulumi.Resource, data: bool = False) -> pulumi.ResourceOptions:
        """Options of a resource in here; what holds data outlives its stack and is protected."""
        return pulumi.ResourceOptions(
            parent=self.parent,
            depends_on=list(after) or None,
            protect=self.protect if data else None,
            retain_on_delete=True if data and self.protect else None,
        )

    def deployment(
        self,
        name: str,
        pod: PodSpecArgs,
        *,
        replicas: int = 1,
        after: Sequence[pulumi.Resource] = (),
    ) -> Deployment:
        """Pods that keep nothing; with several of them one may be away at a time."""
        if replicas > 1:
            self.budget(name)
        return Deployment(
            name,
            metadata=self.meta(name, name),
            spec=DeploymentSpecArgs(
                replicas=replicas,
                revision_history_limit=3,
                selector=self._selector(name),
                template=self.template(name, pod),
            ),
            opts=self.inside(*after),
        )

    def stateful(
        self, name: str, pod: PodSpecArgs, claims: Sequence[PersistentVolumeClaimArgs] = ()
    ) -> StatefulSet:
        """One pod that keeps its volumes, whatever becomes of it."""
        return StatefulSet(
            name,
            metadata=self.meta(name, name),
            spec=StatefulSetSpecArgs(
                replicas=1,
                service_name=name,
                revision_history_limit=3,
                selector=self._selector(name),
                template=self.template(name, pod),
                volume_claim_templates=list(claims) or None,
            ),
            opts=self.inside(data=True),
        )

    def template(self, name: str, pod: PodSpecArgs) -> PodTemplateSpecArgs:
        """A template of pods that belong to the workload `name`."""
        return PodTemplateSpecArgs(
            metadata=ObjectMetaArgs(
                labels=self.marked(name), annotations=dict(self.annotations) or None
            ),
            spec=self.fitted(pod),
        )

    def fitted(self, pod: PodSpecArgs) -> PodSpecArgs:
        """The same pod as this cluster asks for it: with what opens the registry, whose user."""
        if self.image_pull_secret:
            pod.image_pull_secrets = [LocalObjectReferenceArgs(name=self.image_pull_secret)]
        if self.assigned_uids:
            security: Any = pod.security_context
            security.run_as_user = security.run_as_group = security.fs_group = None
        return pod

    def service(self, name: str, ports: Mapping[str, int]) -> Service:
        """A name and an address for the pods of the workload `name`."""
        return Service(
            name,
            metadata=self.meta(name, name),
            spec=ServiceSpecArgs(
                selector=self.selected(name),
                ports=[
                    ServicePortArgs(name=port, port=number, target_port=port)
                    for port, number in ports.items()
                ],
            ),
            opts=self.inside(),
        )

    def budget(self, name: str) -> PodDisruptionBudget:
        """At most one pod of the workload is taken away at a time."""
        return PodDisruptionBudget(
            name,
            metadata=self.meta(name, name),
            spec=PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=self._selector(name)),
            opts=self.inside(),
        )

    def account(self, name: str) -> ServiceAccount:
        """Who the pods of the workload `name` are; the cluster's API gives them no token."""
        known = self.identities if self.identity else None
        lent = {self.identity: known.apply(lambda all_: all_.get(name, ""))} if known else {}
        return ServiceAccount(
            name,
            metadata=self.meta(name, name, **lent),
            automount_service_account_token=False,
            opts=self.inside(),
        )

    def entitle(
        self, name: str, account: ServiceAccount, rules: Sequence[PolicyRuleArgs]
    ) -> RoleBinding:
        """Let an account do in the namespace what the rules say."""
        role = Role(name, metadata=self.meta(name, name), rules=list(rules), opts=self.inside())
        return RoleBinding(
            name,
            metadata=self.meta(name, name),
            role_ref=RoleRefArgs(
                api_group="rbac.authorization.k8s.io", kind="Role", name=role.metadata.name
            ),
            subjects=[
                SubjectArgs(
                    kind="ServiceAccount", name=account.metadata.name, namespace=self.namespace
                )
            ],
            opts=self.inside(),
        )

    def identify(self, name: str, pod: PodSpecArgs) -> None:
        """Where workloads have identities, make these pods the workload `name`."""
        if self.identity:
            pod.service_account_name = self.account(name).metadata.name

    def volume(
        self, name: str, storage: str, mode: str = "ReadWriteOnce", storage_class: str = ""
    ) -> PersistentVolumeClaim:
        """A volume of its own, of `storage` such as 10Gi."""
        place = replace(self, storage_class=storage_class or self.storage_class)
        return PersistentVolumeClaim(
            name,
            metadata=self.meta(name, **{"pulumi.com/skipAwait": "true"}),
            spec=place.claim(storage, mode),
            opts=self.inside(data=True),
        )

    def claim(self, storage: str, mode: str = "ReadWriteOnce") -> PersistentVolumeClaimSpecArgs:
        """What is asked of the cluster's storage."""
        return PersistentVolumeClaimSpecArgs(
            access_modes=[mode],
            storage_class_name=self.storage_class or None,
            resources=VolumeResourceRequirementsArgs(requests={"storage": storage}),
        )

    def claimed(self, name: str, storage: str) -> PersistentVolumeClaimArgs:
        """A volume that a stateful workload asks for."""
        return PersistentVolumeClaimArgs(
            metadata=ObjectMetaArgs(name=name, labels=dict(self.labels)), spec=self.claim(storage)
        )

    def secret(self, name: str, values: Mapping[str, Text]) -> Secret:
        """Values that only the pods that name them see; encrypted in the state of the stack."""
        return Secret(
            name,
            metadata=self.meta(name),
            string_data={key: pulumi.Output.secret(value) for key, value in values.items()},
            opts=self.inside(),
        )

    def settings(self, name: str, data: Mapping[str, Text]) -> ConfigMap:
        """Values that everybody may see."""
        return ConfigMap(name, metadata=self.meta(name), data=dict(data), opts=self.inside())

    def flows(self, stack: str, flows: Sequence[Flow], outside: Sequence[Outside] = ()) -> None:
        """Let these in and out, and nothing else; `stack` keeps the names of two stacks apart."""
        for workload, spec in policies(flows, outside):
            name = f"{stack}-{workload}"
            NetworkPolicy(name, metadata=self.meta(name), spec=spec, opts=self.inside())

    def _selector(self, name: str) -> LabelSelectorArgs:
        return LabelSelectorArgs(match_labels=self.selected(name))


def allowed(group: str, resources: Sequence[str], *verbs: str) -> PolicyRuleArgs:
    """What an account may do with objects of these kinds; the first group of the API is empty."""
    return PolicyRuleArgs(api_groups=[group], resources=list(resources), verbs=list(verbs))


def labels_of(product: str, environment: str) -> dict[str, str]:
    """The labels of everything that belongs to a product in an environment."""
    return {
        PART_OF: product,
        "app.kubernetes.io/managed-by": "pulumi",
        "environment": environment,
    }


def owners_of(owners: Mapping[str, str]) -> dict[str, str]:
    """The annotations that say who owns what, by role."""
    return {f"owner.{role}": who for role, who in owners.items()}
