"""What a stack's configuration says to its foundation."""

from typing import Any

import pulumi

from ninefold_stacks.configuration import generated, read
from ninefold_stacks.foundation.kubernetes.component import FoundationArgs
from ninefold_stacks.foundation.kubernetes.form import Config
from ninefold_stacks.foundation.kubernetes.stores import PASSWORDS
from ninefold_stacks.foundation.kubernetes.stores.form import STORES


def arguments(config: Config) -> FoundationArgs:
    """The configuration with the stores' own and the passwords that were generated."""
    about = ("context", "target")  # where it is made, not what
    found: dict[str, Any] = {name: value for name, value in config.items() if name not in about}
    for store, form in STORES.items():
        found[store] = read(form, pulumi.Config(store))
    result: Any = {**found, "passwords": generated(PASSWORDS)}
    return result  # type: ignore[no-any-return]
