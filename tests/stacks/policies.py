"""What must hold for everything that the stacks register, one rule after the other.

A rule is a function from a world to sentences about what breaks it. Exceptions stand in
`EXCEPTIONS`, each with its reason, and are asked for by the rule's name and the object.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import reach
from emitted import CLUSTER_WIDE, Pod, World, head, namespace
from quotas import amount, wants
from registration import Object

Rule = Callable[[World], Iterable[str]]
RULES: dict[str, Rule] = {}

# (rule, start of the sentence): the reason why it is right to break the rule here.
EXCEPTIONS: Mapping[tuple[str, str], str] = {
    (
        "every service leads to a workload",
        "Service serving-challenger-pods",
    ): "a challenger is there for a while only, and is scraped as soon as it is",
    (
        "no pod gets a token of the api",
        "RayCluster training (spec.headGroupSpec.template.spec): volume identity",
    ): "only the container that makes workers mounts it, and may change this cluster's alone",
    (
        "no pod gets a token of the api",
        "Deployment training-operator (spec.template.spec): volume identity",
    ): "it makes the compute's pods, and may do that in this namespace alone",
    (
        "nobody gets rights over the cluster",
        "Role training-operator: a right to all secrets",
    ): "it keeps a copy of what it follows, and whoever makes pods could read them anyway",
    (
        "what a pod names exists",
        "RayCluster training (spec.headGroupSpec.template.spec): ConfigMap kube-root-ca.crt",
    ): "Kubernetes puts it into every namespace",
    (
        "what a pod names exists",
        "Deployment training-operator (spec.template.spec): ConfigMap kube-root-ca.crt",
    ): "Kubernetes puts it into every namespace",
}

IMAGE = re.compile(r"(?P<name>[^\s@]+?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:\w{64}))?")
PART_OF, MANAGED = "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by"
OF_EVERY_NAMESPACE = "kube-root-ca.crt"  # made by Kubernetes itself
DATA = ("Namespace", "PersistentVolumeClaim", "StatefulSet")
CREDENTIALS = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def rule(function: Rule) -> Rule:
    """Make it one of the rules, by its name as a sentence."""
    RULES[function.__name__.replace("_", " ")] = function
    return function


def broken(world: World) -> dict[str, list[str]]:
    """Of each broken rule the sentences that no exception covers."""
    found = {name: _unexcused(name, function(world)) for name, function in RULES.items()}
    return {name: sentences for name, sentences in found.items() if sentences}


def _unexcused(name: str, sentences: Iterable[str]) -> list[str]:
    excused = tuple(start for rule, start in EXCEPTIONS if rule == name)
    return [one for one in sentences if not one.startswith(excused or ("\0",))]


def _containers(world: World) -> Iterator[tuple[str, Pod, Object]]:
    for pod in world.pods:
        for container in pod.containers:
            yield f"{pod}: {container['name']}", pod, container


@rule
def images_have_a_tag_that_stays(world: World) -> Iterator[str]:
    for who, _, container in _containers(world):
        found = IMAGE.fullmatch(container.get("image", ""))
        if not found or (found["tag"] in (None, "latest") and not found["digest"]):
            yield f"{who}: image {container.get('image')!r}"


@rule
def every_container_has_requests_and_limits(world: World) -> Iterator[str]:
    for who, _, container in _containers(world):
        for side in ("requests", "limits"):
            for what in ("cpu", "memory"):
                if what not in container.get("resources", {}).get(side, {}):
                    yield f"{who}: no {side}.{what}"


@rule
def no_pod_has_privileges(world: World) -> Iterator[str]:
    for pod in world.pods:
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.spec.get(key):
                yield f"{pod}: {key}"
        for volume in pod.spec.get("volumes", []):
            if "hostPath" in volume:
                yield f"{pod}: volume {volume['name']} is the host's"
        yield from _privileges_of_containers(pod)


def _privileges_of_containers(pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        who = f"{pod}: {container['name']}"
        own = container.get("securityContext", {})
        either = {**pod.spec.get("securityContext", {}), **own}
        capabilities = own.get("capabilities", {})
        checks = {
            "privileged": not own.get("privileged"),
            "may get more privileges": own.get("allowPrivilegeEscalation") is False,
            "may be root": either.get("runAsNonRoot") is True and either.get("runAsUser") != 0,
            "keeps capabilities": capabilities.get("drop") == ["ALL"],
            "adds capabilities": not capabilities.get("add"),
            "no seccomp profile": either.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "a port of the host": not any("hostPort" in one for one in container.get("ports", [])),
        }
        yield from (f"{who}: {problem}" for problem, good in checks.items() if not good)


@rule
def no_container_writes_into_its_image(world: World) -> Iterator[str]:
    for who, _, container in _containers(world):
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            yield f"{who}: the root file system may be written"


@rule
def what_runs_for_ever_is_probed(world: World) -> Iterator[str]:
    for pod in world.pods:
        for container in pod.spec["containers"] if not pod.ending else ():
            for probe in ("readinessProbe", "livenessProbe"):
                if not container.get(probe):
                    yield f"{pod}: {container['name']}: no {probe}"


@rule
def everything_says_whose_it_is(world: World) -> Iterator[str]:
    wanted = {PART_OF: world.product, MANAGED: "pulumi", "environment": world.environment}
    labelled = [(str(one), head(one).get("labels", {}), wanted) for one in world.objects]
    # A pod belongs to what made it, which says the rest.
    labelled += [(str(pod), pod.labels, {PART_OF: world.product}) for pod in world.pods]
    for who, labels, needed in labelled:
        for label, value in needed.items():
            if labels.get(label) != value:
                yield f"{who}: label {label} is {labels.get(label)!r}"
    for one in world.of("Namespace"):
        for role, owner in world.owners.items():
            if head(one).get("annotations", {}).get(f"owner.{role}") != owner:
                yield f"{one}: no owner.{role}"


@rule
def everything_is_in_a_namespace_of_the_product(world: World) -> Iterator[str]:
    ours = {head(one)["name"] for one in world.of("Namespace")}
    for one in world.objects:
        if one.kind not in CLUSTER_WIDE and namespace(one) not in ours:
            yield f"{one}: in namespace {namespace(one)!r}"
        if not one.provider:
            yield f"{one}: in the cluster that happens to be current"


@rule
def data_are_protected_exactly_when_asked_for(world: World) -> Iterator[str]:
    for one in world.objects:
        wanted = world.protect and one.kind in DATA
        if one.protect != wanted and (wanted or not world.protect):
            yield f"{one}: protect is {one.protect}"


@rule
def secrets_stay_in_secrets(world: World) -> Iterator[str]:
    for one in world.objects:
        if one.kind == "Secret":
            for part in ("data", "stringData"):
                bare = one.inputs.get(part) and (part,) not in one.hidden
                if bare and any((part, key) not in one.hidden for key in one.inputs[part]):
                    yield f"{one}: {part} is kept in clear"
            continue
        yield from (f"{one}: a secret at {'.'.join(path)}" for path in sorted(one.hidden))
        for path, text in texts(one.inputs):
            if CREDENTIALS.search(text) or any(secret in text for secret in world.passwords):
                yield f"{one}: a password in clear at {path}"
    for path, text in texts(dict(world.outputs)):
        if any(secret in text for secret in world.passwords):
            yield f"output {path}: a password in clear"


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its path."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from texts(one, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for at, one in enumerate(value):
            yield from texts(one, f"{path}.{at}")
    elif isinstance(value, str):
        yield path, value


@rule
def no_pod_gets_a_token_of_the_api(world: World) -> Iterator[str]:
    for pod in world.pods:
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield f"{pod}: a token is mounted"
        for volume in pod.spec.get("volumes", []):
            if any("serviceAccountToken" in one for one in _sources(volume)):
                yield f"{pod}: volume {volume['name']} holds a token"
    for one in world.of("ServiceAccount"):
        if one.inputs.get("automountServiceAccountToken") is not False:
            yield f"{one}: a token is mounted"


def _sources(volume: Object) -> list[Object]:
    found: list[Object] = volume.get("projected", {}).get("sources", [])
    return found


@rule
def nobody_gets_rights_over_the_cluster(world: World) -> Iterator[str]:
    yield from (f"{one}: over the cluster" for one in world.of("ClusterRole", "ClusterRoleBinding"))
    for one in world.of("Role", "ClusterRole"):
        for entry in one.inputs.get("rules", []):
            if any("*" in entry.get(key, []) for key in ("verbs", "resources", "apiGroups")):
                yield f"{one}: a right to everything"
            if "secrets" in entry.get("resources", []) and not entry.get("resourceNames"):
                yield f"{one}: a right to all secrets"


@rule
def what_has_replicas_is_not_taken_away_at_once(world: World) -> Iterator[str]:
    budgets = world.of("PodDisruptionBudget")
    for pod in world.pods:
        if pod.replicas > 1 and not pod.ending and pod.owner.kind in ("Deployment", "StatefulSet"):
            chosen = [one for one in budgets if namespace(one) == pod.namespace]
            selectors = [one.inputs["spec"].get("selector", {}) for one in chosen]
            if not any(reach.selects(selector, pod.labels) for selector in selectors):
                yield f"{pod}: {pod.replicas} replicas and no budget"
    for one in budgets:
        spec = one.inputs["spec"]
        if spec.get("maxUnavailable") in (0, "0%") or spec.get("minAvailable") == "100%":
            yield f"{one}: no node can ever be emptied"


@rule
def every_pod_is_behind_a_policy_both_ways(world: World) -> Iterator[str]:
    policies = reach.policies(world)
    for pod in world.pods:
        for direction in reach.DIRECTIONS:
            if not reach.isolating(policies, pod.namespace, pod.labels, direction):
                yield f"{pod}: no policy for {direction}"


@rule
def every_service_leads_to_a_workload(world: World) -> Iterator[str]:
    for one in world.of("Service"):
        spec = one.inputs["spec"]
        if spec.get("type") == "ExternalName" or not spec.get("selector"):
            yield f"{one}: leads to no workload"
            continue
        pods = [
            pod
            for pod in world.pods
            if pod.namespace == namespace(one) and spec["selector"].items() <= pod.labels.items()
        ]
        if not pods:
            yield f"{one}: selects nothing"
        for port in spec.get("ports", []):
            target = port.get("targetPort", port["port"])
            for pod in pods:
                if target not in _ports(pod):
                    yield f"{one}: port {target} is not one of {pod}"


def _ports(pod: Pod) -> set[Any]:
    ports = [port for one in pod.spec["containers"] for port in one.get("ports", [])]
    return {port[key] for port in ports for key in ("name", "containerPort") if key in port}


@rule
def nothing_is_open_to_the_outside(world: World) -> Iterator[str]:
    for one in world.of("Service"):
        spec = one.inputs["spec"]
        if spec.get("type", "ClusterIP") not in ("ClusterIP", "ExternalName"):
            yield f"{one}: type {spec['type']}"
        if spec.get("externalIPs"):
            yield f"{one}: external addresses"


@rule
def what_a_pod_names_exists(world: World) -> Iterator[str]:
    there = {(one.kind, namespace(one), head(one).get("name")) for one in world.objects}
    there |= {("ConfigMap", head(one)["name"], OF_EVERY_NAMESPACE) for one in world.of("Namespace")}
    for pod in world.pods:
        for kind, name, key in named(pod):
            if (kind, pod.namespace, name) not in there:
                if name not in world.given:
                    yield f"{pod}: {kind} {name} does not exist"
            elif (
                key
                and name != OF_EVERY_NAMESPACE
                and key not in _keys(world, kind, pod.namespace, name)
            ):
                yield f"{pod}: {kind} {name} has no {key}"


def named(pod: Pod) -> Iterator[tuple[str, str, str]]:
    """Kind, name and key of everything that the pod cannot start without."""
    for container in pod.containers:
        for one in container.get("envFrom", []):
            yield from _reference(one, "configMapRef", "secretRef")
        for one in container.get("env", []):
            yield from _reference(one.get("valueFrom", {}), "configMapKeyRef", "secretKeyRef")
    for volume in pod.spec.get("volumes", []):
        for source in (volume, *_sources(volume)):
            yield from _reference(source, "configMap", "secret")
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], ""
    for one in pod.spec.get("imagePullSecrets", []):
        yield "Secret", one["name"], ""
    account = pod.spec.get("serviceAccountName", "default")
    if account != "default":
        yield "ServiceAccount", account, ""


def _reference(source: Object, settings: str, secret: str) -> Iterator[tuple[str, str, str]]:
    for field, kind in ((settings, "ConfigMap"), (secret, "Secret")):
        found = source.get(field)
        if found and not found.get("optional"):
            name = found.get("name") or found.get("secretName")
            keys = [found.get("key", ""), *(one["key"] for one in found.get("items", []))]
            yield from ((kind, name, key) for key in keys if key or len(keys) == 1)


def _keys(world: World, kind: str, space: str, name: str) -> set[str]:
    found: set[str] = set()
    for one in world.of(kind):
        if (namespace(one), head(one).get("name")) == (space, name):
            for part in ("data", "stringData", "binaryData"):
                found |= set(one.inputs.get(part, {}))
    return found


@rule
def every_volume_that_is_mounted_is_there(world: World) -> Iterator[str]:
    for who, pod, container in _containers(world):
        there = {volume["name"] for volume in pod.spec.get("volumes", [])}
        templates = pod.owner.inputs.get("spec", {}).get("volumeClaimTemplates", [])
        there |= {one["metadata"]["name"] for one in templates}
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in there:
                yield f"{who}: no volume {mount['name']}"


@rule
def everything_fits_the_quota(world: World) -> Iterator[str]:
    for quota in world.of("ResourceQuota"):
        wanted = wants(world, namespace(quota))
        for what, limit in quota.inputs["spec"]["hard"].items():
            if wanted.get(what, Decimal(0)) > amount(limit):
                yield f"{quota}: {what} is {limit}, wanted {wanted[what]}"
    for who, pod, container in _containers(world):
        for what, limit in _most(world, pod.namespace).items():
            asked = container.get("resources", {}).get("limits", {}).get(what)
            if asked and amount(asked) > amount(limit):
                yield f"{who}: limit {what} {asked} is more than {limit}"


def _most(world: World, space: str) -> dict[str, str]:
    ranges = [one for one in world.of("LimitRange") if namespace(one) == space]
    limits = [entry for one in ranges for entry in one.inputs["spec"]["limits"]]
    return {what: most for one in limits for what, most in one.get("max", {}).items()}


def told(found: Mapping[str, list[str]]) -> str:
    """What is broken, to be read."""
    lines = [f"{name}:\n  " + "\n  ".join(sentences) for name, sentences in found.items()]
    return "\n".join(lines)
