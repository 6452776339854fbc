"""Feast's registry in a database: what the feature server and people see, not what the steps use.

The steps follow `definitions.py` of their own repository; here it is told to everybody else.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from feast.infra.registry.sql import SqlRegistry, SqlRegistryConfig
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from .faults import Fault
from .quick_feast import Entity, FeatureView

PASSWORD: Final = "FEATURE_STORE_REGISTRY_PASSWORD"  # noqa: S105 - the variable's name


def publish(
    address: str, project: str, entities: Sequence[Entity], views: Sequence[FeatureView]
) -> None:
    """Make these the definitions of a project; `address` is a postgresql URL without password."""
    try:
        registry = _registry(address, project)
        for one in entities:
            registry.apply_entity(one, project)
        for view in views:
            registry.apply_feature_view(view, project)
        names = {view.name for view in views}
        for view in registry.list_feature_views(project):
            if view.name not in names:
                registry.delete_feature_view(view.name, project)
    except (ArgumentError, SQLAlchemyError) as error:
        why = str(error).strip().splitlines()[0][:200]
        raise Fault(
            f"the feature registry at {address} does not do what is asked ({why}); see that the "
            f"database runs, and that {PASSWORD} holds the password"
        ) from None


def _registry(address: str, project: str) -> SqlRegistry:
    url = make_url(address)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if password := os.environ.get(PASSWORD):
        url = url.set(password=password)
    path = url.render_as_string(hide_password=False)
    config = SqlRegistryConfig(path=path, cache_ttl_seconds=0)
    return SqlRegistry(config, project, Path())
