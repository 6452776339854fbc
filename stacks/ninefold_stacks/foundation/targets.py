"""The targets: a folder each, found by its name in the configuration.

What a target's package offers:

    provision() -> Mapping        make what the stack's configuration asks for; its outputs
    cluster(config, outputs)      the provider of the cluster, which the outputs may name
    outside(outputs) -> Mapping   addresses of what it offers outside the cluster, by peer
    PASSWORDS: tuple              names of what is generated once for the foundation
    IDENTITY: str                 annotation of a service account that lends it an identity there
"""

import importlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import pulumi

from ninefold_stacks.configuration import ConfigError

USUAL: Final = "kubernetes"


def provision() -> Mapping[str, Any]:
    """Make the foundation of the running stack; what it exports."""
    found: Mapping[str, Any] = target(pulumi.Config().get("target") or USUAL).provision()
    return found


def target(name: str) -> Any:
    """The package of a target; raises `ConfigError` for one that does not exist."""
    folder = files("ninefold_stacks") / "foundation"
    known = sorted(one.name for one in folder.iterdir() if (one / "form.py").is_file())
    if name not in known:
        raise ConfigError(
            f"config `target`: `{name}` is not one of {', '.join(known)}; set it: "
            f"pulumi config set target {USUAL}"
        )
    return importlib.import_module(f"ninefold_stacks.foundation.{name}")


def target_of(config: Mapping[str, Any]) -> Any:
    """The package of the target that a configuration names."""
    return target(config.get("target", USUAL))
