"""The platform: each chosen technology on top of the foundation, and what connects them.

The technologies are found by their names in the configuration, so that adding one is adding its
folder. What they provide reaches the role repositories' pods as environment variables: a ConfigMap
called `connections`; secrets stay where they are and are named by key.
"""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any, Final

import pulumi

from ninefold_stacks.capabilities import Database, KeyValue, ObjectStore
from ninefold_stacks.foundation.kubernetes.site import Site, labels_of, owners_of
from ninefold_stacks.foundation.kubernetes.traffic import Outside
from ninefold_stacks.foundation.targets import USUAL, target_of
from ninefold_stacks.platform.form import Config
from ninefold_stacks.provision import CHALLENGER, SERVING, Order, Provided, variables

TYPE: Final = "ninefold:platform:Platform"
CONNECTIONS: Final = "connections"
STATE: Final = "state"
STORAGE: Final = {"small": "10Gi", "medium": "100Gi", "large": "1Ti"}
# What stands on what: a component may use those before it.
COMPONENTS: Final = (
    "feature_store",
    "model_registry",
    "metadata_store",
    "training",
    "serving",
    "orchestration",
    "monitoring",
    "cicd",
)


class Platform(pulumi.ComponentResource):
    """What the role repositories of a product run on in one environment.

    `foundation` holds the outputs of the foundation's stack. The cluster comes through `opts`.
    """

    def __init__(
        self,
        name: str,
        config: Config,
        foundation: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, {}, opts)
        self.config = config
        self.target = target_of(config)
        self.site = self._site(foundation)
        self.site.volume(
            STATE,
            config.get("state_storage", STORAGE[config["size"]]),
            config.get("state_mode", "ReadWriteMany"),
            config.get("state_class", ""),
        )
        self.provided = self._provided(foundation)
        self._connect()
        self._let_through(foundation)
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, Any]:
        """What a stack exports; the keys are those of the form `Outputs`."""
        return {
            "namespace": self.site.namespace,
            "settings": self._variables(),
            "secrets": self._secrets(),
            "components": {
                f"{slot.partition('.')[0]}.{name}": value
                for slot, one in self.provided.items()
                for name, value in one.outputs.items()
            },
        }

    def _site(self, foundation: Mapping[str, Any]) -> Site:
        return Site(
            product=self.config["product"],
            environment=self.config["environment"],
            size=self.config["size"],
            namespace=foundation["namespace"],
            labels=labels_of(self.config["product"], self.config["environment"]),
            annotations=owners_of(self.config.get("owners", {})),
            parent=self,
            storage_class=self.config.get("storage_class", ""),
            protect=self.config.get("protect", False),
            image_pull_secret=self.config.get("image_pull_secret", ""),
            assigned_uids=self.config.get("assigned_uids", False),
            identity=self.target.IDENTITY,
            identities=foundation.get("identities"),
        )

    def _provided(self, foundation: Mapping[str, Any]) -> dict[str, Provided]:
        """What each technology makes, one after the other."""
        found: dict[str, Provided] = {}
        for slot, module in modules(self.config["technologies"]):
            order = Order(
                site=self.site,
                objects=ObjectStore.of(foundation["object_store"]),
                database=Database.of(foundation["database"]),
                keys=KeyValue.of(foundation["key_value"]),
                images=self.config.get("images", {}),
                before=dict(found),
            )
            found[slot] = module.provision(order)
        return found

    def _variables(self) -> dict[str, pulumi.Input[str]]:
        """Settings of the role repositories as environment variables."""
        return variables(self.config["product"], self.provided.values())

    def _secrets(self) -> pulumi.Output[dict[str, str]]:
        """Where each secret is, as SECRET/KEY; what an identity opens has none."""
        found: dict[str, Any] = {
            name: pulumi.Output.concat(key.secret, "/", key.key)
            for one in self.provided.values()
            for name, key in one.secrets.items()
        }
        return pulumi.Output.all(**found).apply(
            lambda all_: {name: at for name, at in all_.items() if not at.startswith("/")}
        )

    def _connect(self) -> None:
        """Name the servers to the pods of the role repositories."""
        self.site.settings(CONNECTIONS, self._variables())

    def _let_through(self, foundation: Mapping[str, Any]) -> None:
        flows = [flow for one in self.provided.values() for flow in one.flows]
        # The challenger is the same service: it reads what the champion reads.
        flows += [replace(flow, source=CHALLENGER) for flow in flows if flow.source == SERVING]
        outside = [peer for one in self.provided.values() for peer in one.outside]
        named = {**self.target.outside(foundation), **self.config.get("outside", {})}
        outside += [Outside(name, addresses=addresses) for name, addresses in named.items()]
        self.site.flows("platform", flows, outside)


def foundation(config: Config) -> dict[str, pulumi.Output[Any]]:
    """The outputs of the foundation's stack, by default the one of the same environment."""
    product, environment = config["product"], config["environment"]
    name = config.get("foundation", f"organization/{product}-foundation/{environment}")
    stack = pulumi.StackReference(name)
    wanted = ("namespace", "object_store", "database", "key_value")
    found = {one: stack.require_output(one) for one in wanted}
    if config.get("target", USUAL) != USUAL:
        found |= {one: stack.require_output(one) for one in ("cluster", "identities")}
    return found


def modules(technologies: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Of each slot the module that provides its technology, in the order of `COMPONENTS`.

    A technology that needs nothing of a cluster has none; one that fills two slots of its component
    is provided once.
    """
    known: set[str] = set()
    for component in COMPONENTS:
        for slot, name in technologies.items():
            place = name.replace("-", "_")  # a folder is a package
            folder = files("ninefold_stacks") / component / place
            module = f"ninefold_stacks.{component}.{place}.component"
            own = slot.partition(".")[0] == component and module not in known
            if own and (folder / "component.py").is_file():
                known.add(module)
                yield slot, importlib.import_module(module)


def passwords(technologies: Mapping[str, str]) -> list[str]:
    """The names of what is generated once for these technologies."""
    found = {name for _, module in modules(technologies) for name in module.PASSWORDS}
    return sorted(found)
