"""What the programs of an environment register together, and the pods that will follow from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from registration import Object, Registered

# Kinds whose pods end by themselves; those of all others are to run for ever.
ENDING = (
    "Job",
    "CronJob",
    "Workflow",
    "WorkflowTemplate",
    "ClusterWorkflowTemplate",
    "CronWorkflow",
)
# Kinds of the cluster itself; everything else is in a namespace.
CLUSTER_WIDE = (
    "Namespace",
    "PersistentVolume",
    "StorageClass",
    "PriorityClass",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
)


@dataclass(frozen=True)
class Pod:
    """Pods that follow from one template in an object."""

    owner: Registered
    path: tuple[str, ...]
    labels: Mapping[str, str]
    spec: Object
    replicas: int = 1

    @property
    def namespace(self) -> str:
        return namespace(self.owner)

    @property
    def containers(self) -> list[Object]:
        """All of them, also those that run before the others."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def ending(self) -> bool:
        return self.owner.kind in ENDING or self.spec.get("restartPolicy", "Always") != "Always"

    @property
    def name(self) -> str:
        """The workload's, by its label, else its owner's."""
        return self.labels.get("app.kubernetes.io/component") or head(self.owner).get("name", "")

    def __str__(self) -> str:
        return f"{self.owner} ({'.'.join(self.path) or 'itself'})"


@dataclass(frozen=True)
class World:
    """Everything of one environment; `given` are Secrets that exist without us."""

    objects: tuple[Registered, ...]
    product: str
    environment: str
    protect: bool = False
    owners: Mapping[str, str] = field(default_factory=dict)
    passwords: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pods(self) -> list[Pod]:
        return [pod for one in self.objects for pod in pods_of(one)]

    @property
    def handed_in(self) -> list[tuple[Registered, Object]]:
        """What workflows make as their steps: each template of theirs, and the object."""
        found = []
        for one in self.of(*ENDING):
            for template in one.inputs.get("spec", {}).get("templates", []):
                if "resource" in template:
                    made = yaml.safe_load(template["resource"]["manifest"])
                    name = made["metadata"].pop("generateName") + "made"
                    made["metadata"] |= {"name": name, "namespace": namespace(one)}
                    found.append((one, made))
        return found

    def of(self, *kinds: str) -> list[Registered]:
        return [one for one in self.objects if one.kind in kinds]


def head(one: Registered) -> Object:
    """The metadata of an object."""
    found: Object = one.inputs.get("metadata", {})
    return found


def namespace(one: Registered) -> str:
    """The namespace that an object is in; empty for those of the cluster."""
    return str(head(one).get("namespace", ""))


def pods_of(one: Registered) -> Iterator[Pod]:
    """Every template of pods, wherever a kind keeps it."""
    yield from _walk(one, one.inputs, (), {}, 1)


def _walk(
    one: Registered, value: Any, path: tuple[str, ...], above: Object, replicas: int
) -> Iterator[Pod]:
    if isinstance(value, list):
        for at, part in enumerate(value):
            yield from _walk(one, part, (*path, str(at)), above, replicas)
    elif isinstance(value, dict):
        if one.kind == "CustomResourceDefinition":
            return
        replicas = _replicas(value, replicas)
        if isinstance(value.get("containers"), list):
            labels = above.get("metadata", {}).get("labels", {})
            yield Pod(one, path, labels, value, replicas)
        elif isinstance(value.get("container"), dict) and "image" in value["container"]:
            yield _step(one, value, path, replicas)
        else:
            for key, part in value.items():
                yield from _walk(one, part, (*path, key), value, replicas)


def _replicas(value: Object, above: int) -> int:
    known = [value[key] for key in ("maxReplicas", "replicas") if isinstance(value.get(key), int)]
    return max(known, default=above)


def _step(one: Registered, template: Object, path: tuple[str, ...], replicas: int) -> Pod:
    """A workflow's step is no pod yet: what it leaves open, the workflow's own spec says."""
    spec = one.inputs["spec"]
    spec = spec.get("workflowSpec", spec)
    wanted = (
        *("securityContext", "automountServiceAccountToken", "serviceAccountName"),
        "imagePullSecrets",
    )
    pod = {key: template.get(key, spec.get(key)) for key in wanted}
    pod = {key: value for key, value in pod.items() if value is not None}
    pod["containers"] = [{"name": "main", **template["container"]}, *template.get("sidecars", [])]
    pod["initContainers"] = template.get("initContainers", [])
    pod["volumes"] = [*spec.get("volumes", []), *template.get("volumes", [])]
    pod["restartPolicy"] = "Never"
    metadata = (spec.get("podMetadata", {}), template.get("metadata", {}))
    labels = {key: value for part in metadata for key, value in part.get("labels", {}).items()}
    return Pod(one, path, labels, pod, replicas)
