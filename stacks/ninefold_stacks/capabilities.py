"""What a foundation offers by kind, whatever stands behind it: a component takes these as inputs.

Values travel between stacks as plain text; a credential is named by the Secret that holds it, and
never copied.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Self

import pulumi

Text = pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Capability:
    """`peer` is the workload that answers at the address, or the name of who does outside."""

    peer: str

    def outputs(self) -> dict[str, Text]:
        """As a stack exports it."""
        return {name: getattr(self, name) for name in self._exported()}

    @classmethod
    def of(cls, values: pulumi.Input[Mapping[str, Any]]) -> Self:
        """As another stack reads it."""
        given: pulumi.Output[Mapping[str, Any]] = pulumi.Output.from_input(values)
        optional = {one.name: one.default for one in fields(cls) if one.default is not MISSING}

        def value(name: str) -> pulumi.Output[Any]:
            # A stack of an earlier version does not know what was added since.
            return given.apply(
                lambda known: known.get(name, optional[name]) if name in optional else known[name]
            )

        fitted: dict[str, Any] = {name: value(name) for name in cls._exported()}
        return cls(**fitted)

    @classmethod
    def _exported(cls) -> list[str]:
        # Whom policies let through must be known before any output is: it is configured there, too.
        known = {one.name for one in fields(Capability)}
        return [one.name for one in fields(cls) if one.name not in known]


@dataclass(frozen=True, kw_only=True)
class ObjectStore(Capability):
    """An object store with the interface of Amazon's, and one bucket for the product.

    The Secret holds `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; without one, the workload's
    identity opens the bucket.
    """

    peer: str = "object-store"
    endpoint: Text  # empty: the provider's own
    region: Text
    bucket: Text
    secret: Text
    port: Text


@dataclass(frozen=True, kw_only=True)
class Database(Capability):
    """A PostgreSQL server; each consumer has a database and a role of its own name.

    The Secret holds one password under each consumer's name.
    """

    peer: str = "database"
    host: Text
    port: Text
    secret: Text


@dataclass(frozen=True, kw_only=True)
class KeyValue(Capability):
    """A server that speaks the protocol of Redis; the Secret holds `password`.

    `tls` is empty where connections are not encrypted.
    """

    peer: str = "key-value"
    host: Text
    port: Text
    secret: Text
    tls: Text = ""


# Databases that a foundation makes: one for each consumer that a platform may have.
CONSUMERS = ("registry", "features")
