"""An order as a platform gives it to a technology, and what the technology made of it."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from ninefold_stacks.capabilities import Database, KeyValue, ObjectStore
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.provision import Order, Provided

from registration import Object, Outcome, Program

PASSWORDS = ("model_registry", "model_registry_session", "training", "monitoring")
SECRETS = {name: f"geheim-{name}" for name in PASSWORDS}
IMAGES = {
    "model-registry": "registry.example.com/registry:1",
    "training": "example.com/train:1",
    "monitoring": "example.com/monitor:1",
}
OBJECTS = ObjectStore(
    endpoint="http://object-store:7070",
    region="us-east-1",
    bucket="bucket",
    secret="object-store",
    port="7070",
)


@dataclass
class Made:
    """What a technology made, and what it promised."""

    outcome: Outcome
    provided: Provided
    values: Object  # its settings, known

    def one(self, kind: str, name: str = "") -> Object:
        """The only object of a kind, or the one of that name."""
        found = [one for one in self.outcome.of(kind) if name in ("", one["metadata"]["name"])]
        (single,) = found
        return single

    def pod(self, kind: str, name: str = "") -> Object:
        """The pod of a workload."""
        spec: Object = self.one(kind, name)["spec"]["template"]["spec"]
        return spec

    def leaks(self) -> list[str]:
        """Where a password stands that is not marked as secret."""
        return [
            f"{one}: {'.'.join(path)}"
            for one in self.outcome.registered
            for path, text in texts(one.inputs)
            if any(secret in text for secret in SECRETS.values())
            and not any(path[: len(hidden)] == hidden for hidden in one.hidden)
        ]


@dataclass
class Orders:
    """Who asks, and with what."""

    technology: str
    size: str = "small"
    objects: ObjectStore = OBJECTS
    images: Mapping[str, str] = field(default_factory=lambda: IMAGES)
    secrets: Mapping[str, str] = field(default_factory=lambda: SECRETS)
    before: Mapping[str, Provided] = field(default_factory=dict)

    def run(self, **config: Any) -> Made:
        """Provision with this configuration of the component."""
        component = self.technology.partition(".")[0]
        found: dict[str, Any] = {}

        def program() -> None:
            found["provided"] = self._provision()
            for name, value in found["provided"].settings.items():
                pulumi.export(name, value)

        told = {f"{component}:{name}": value for name, value in config.items()}
        secrets = {f"passwords:{name}": value for name, value in self.secrets.items()}
        outcome = Program(program, "flight-delays-platform", "staging", told, secrets).run()
        return Made(outcome, found["provided"], outcome.outputs)

    def _provision(self) -> Provided:
        top = pulumi.ComponentResource("test:Top", "top")
        site = Site(
            "flight-delays",
            "staging",
            self.size,
            "flight-delays-staging",
            {"app.kubernetes.io/part-of": "flight-delays"},
            top,
        )
        order = Order(
            site=site,
            objects=self.objects,
            database=Database(host="database", port="5432", secret="database"),
            keys=KeyValue(host="key-value", port="6379", secret="key-value"),
            images=self.images,
            before=self.before,
        )
        technology = importlib.import_module(f"ninefold_stacks.{self.technology}.component")
        provided: Provided = technology.provision(order)
        return provided


def texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a value, and where."""
    if isinstance(value, str):
        yield path, value
    if isinstance(value, (dict, list)):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(one, (*path, str(key)))


def environment(container: Object) -> Object:
    """The variables of a container: their values, or the Secret and key that they come from."""
    found: Object = {}
    for one in container.get("env", []):
        key = one.get("valueFrom", {}).get("secretKeyRef")
        found[one["name"]] = (key["name"], key["key"]) if key else one.get("value")
    return found


def restricted(spec: Object) -> None:
    """Every rule that holds for all our pods."""
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert set(container["resources"]) == {"requests", "limits"}
        assert not container["image"].endswith(":latest")
    for container in spec["containers"]:
        assert container["readinessProbe"]
        assert container["livenessProbe"]
