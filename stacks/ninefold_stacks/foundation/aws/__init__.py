"""The foundation of a product in an account of AWS.

The provider's SDK is large: it is imported by whoever makes something in the account.
"""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from ninefold_stacks.configuration import password, read
from ninefold_stacks.foundation.aws.access import cluster
from ninefold_stacks.foundation.aws.form import NAMESPACES, Config, Outputs
from ninefold_stacks.foundation.kubernetes.stores import OF_DATABASE

__all__ = ["Config", "Outputs", "cluster"]
# What a service account says so that its pods are lent a role.
IDENTITY: Final = "eks.amazonaws.com/role-arn"
# An identity opens the object store: it has no password.
PASSWORDS: Final = ("key_value", *OF_DATABASE.values())
# Who answers beside the cluster.
PEERS: Final = ("object-store", "database", "key-value")


def provision() -> Mapping[str, Any]:
    """Make the foundation that the stack's configuration asks for; what it exports."""
    from ninefold_stacks.foundation.aws.component import Foundation, Told
    from ninefold_stacks.foundation.aws.land import provider

    config = read(Config)
    told = Told(
        config,
        {name: password(name) for name in PASSWORDS},
        {name: read(form, pulumi.Config(name)) for name, form in NAMESPACES.items()},
    )
    opts = pulumi.ResourceOptions(provider=provider(config))
    return Foundation("foundation", told, opts).outputs()


def outside(outputs: Mapping[str, Any]) -> Mapping[str, pulumi.Input[str]]:
    """Where the stores answer: in one part of the network."""
    return dict.fromkeys(PEERS, outputs["cluster"]["stores"])
