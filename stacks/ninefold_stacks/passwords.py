"""What is generated once for a stack, and kept encrypted in its configuration."""

from collections.abc import Mapping
from typing import Any

from ninefold_stacks import platform
from ninefold_stacks.foundation.targets import target_of


def passwords(program: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a program's passwords, `passwords:NAME` in its configuration.

    What counts of its other configuration are `technologies` and `target`; raises `ConfigError`
    for a target that does not exist.
    """
    if program == "foundation":
        return tuple(target_of(config).PASSWORDS)
    return tuple(platform.passwords(config.get("technologies", {})))
