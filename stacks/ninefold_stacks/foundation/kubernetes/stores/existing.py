"""Adopt what you have: a store that exists already, named by its address and by a Secret.

Nothing in the foundation asks it; the platform, whose workloads do, is told its addresses.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ninefold_stacks.capabilities import Database, KeyValue, ObjectStore
from ninefold_stacks.configuration import ConfigError, fields_of
from ninefold_stacks.foundation.kubernetes.stores.form import EXISTING, POD, STORES

# What is said of an existing one; all else but the kind is said of one that is made.
ABOUT_EXISTING = frozenset({"endpoint", "host", "port", "secret", "tls"})
ABOUT_BOTH = frozenset({"kind", "bucket", "region"})
NEEDED = {
    "object_store": ("bucket", "region"),
    "database": ("host", "port", "secret"),
    "key_value": ("host", "port", "secret"),
}


def check(store: str, config: Mapping[str, Any]) -> None:
    """Refuse what does not go together, with the key and the remedy."""
    kind = config.get("kind", POD)
    for key in config.keys() - ABOUT_BOTH:
        if (key in ABOUT_EXISTING) != (kind == EXISTING):
            other = POD if kind == EXISTING else EXISTING
            raise ConfigError(
                f"config `{store}:{key}` is of no use to kind {kind}; remove it: "
                f"pulumi config rm {store}:{key}, or: pulumi config set {store}:kind {other}"
            )
    if kind == EXISTING:
        for key in NEEDED[store]:
            if key not in config:
                raise _missing(store, key)


def object_store(config: Mapping[str, Any]) -> ObjectStore:
    """The bucket of another provider, or of another team."""
    endpoint = config.get("endpoint", "")
    address = urlsplit(endpoint)
    port = address.port or (80 if address.scheme == "http" else 443)
    return ObjectStore(
        endpoint=endpoint,
        region=config["region"],
        bucket=config["bucket"],
        secret=config.get("secret", ""),
        port=str(port),
    )


def database(config: Mapping[str, Any]) -> Database:
    """A server in which each consumer has a database and a role of its own name already."""
    return Database(
        host=config["host"],
        port=str(config["port"]),
        secret=config["secret"],
    )


def key_value(config: Mapping[str, Any]) -> KeyValue:
    """A server for this product alone."""
    return KeyValue(
        host=config["host"],
        port=str(config["port"]),
        secret=config["secret"],
        tls="true" if config.get("tls") else "",
    )


def _missing(store: str, key: str) -> ConfigError:
    return ConfigError(
        f"config `{store}:{key}` is missing for kind {EXISTING}; set it: {_remedy(store, key)}"
    )


def _remedy(store: str, key: str) -> str:
    (field,) = (one for one in fields_of(STORES[store]) if one.name == key)
    return f"pulumi config set {store}:{key} {field.rule.example}"
