"""The three stores of a foundation: each is made as a pod, or exists and is adopted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from ninefold_stacks.capabilities import CONSUMERS, Database, KeyValue, ObjectStore
from ninefold_stacks.configuration import checked, password_of
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.foundation.kubernetes.stores import (
    database,
    existing,
    key_value,
    object_store,
)
from ninefold_stacks.foundation.kubernetes.stores.form import EXISTING, STORES
from ninefold_stacks.foundation.kubernetes.traffic import Flow

Passwords = Mapping[str, pulumi.Output[str]]
# The administrator's, and each consumer's: the names in `passwords` of keys of the Secret.
OF_DATABASE = {"postgres": "database", **{name: f"database_{name}" for name in CONSUMERS}}
# What is generated once for each environment.
PASSWORDS: Final = ("object_store", "key_value", *OF_DATABASE.values())


@dataclass(frozen=True)
class Told:
    """What the stores are told: the configuration of each, by its namespace."""

    configs: Mapping[str, Mapping[str, Any]]
    passwords: Passwords

    def __post_init__(self) -> None:
        """Refuse what is wrong before anything is made."""
        for store, form in STORES.items():
            existing.check(store, checked(form, self.of(store), store))
            if not self.adopted(store):
                for name in _passwords_of(store):
                    self.password(name)

    def of(self, store: str) -> Mapping[str, Any]:
        """The configuration of one."""
        return self.configs.get(store, {})

    def adopted(self, store: str) -> bool:
        """It exists already."""
        return self.of(store).get("kind") == EXISTING

    def password(self, name: str) -> pulumi.Output[str]:
        """A generated password; raises `ConfigError` where it was not generated."""
        return password_of(self.passwords, name)


@dataclass(frozen=True)
class Stores:
    """What they offer, and who of them asks whom."""

    objects: ObjectStore
    database: Database
    keys: KeyValue
    flows: tuple[Flow, ...]


def stores(site: Site, told: Told) -> Stores:
    """Make or adopt all three."""
    own = not told.adopted("database")
    return Stores(
        objects=_objects(site, told),
        database=_database(site, told) if own else existing.database(told.of("database")),
        keys=_keys(site, told),
        flows=database.FLOWS if own else (),
    )


def _objects(site: Site, told: Told) -> ObjectStore:
    config = told.of("object_store")
    if told.adopted("object_store"):
        return existing.object_store(config)
    return object_store.object_store(site, config, told.password("object_store"))


def _database(site: Site, told: Told) -> Database:
    passwords = {key: told.password(name) for key, name in OF_DATABASE.items()}
    return database.database(site, told.of("database"), passwords)


def _keys(site: Site, told: Told) -> KeyValue:
    config = told.of("key_value")
    if told.adopted("key_value"):
        return existing.key_value(config)
    return key_value.key_value(site, config, told.password("key_value"))


def _passwords_of(store: str) -> tuple[str, ...]:
    return tuple(OF_DATABASE.values()) if store == "database" else (store,)
