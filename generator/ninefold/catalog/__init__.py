"""The catalog of technologies: one folder each, checked, and written out for the templates."""

from ninefold.catalog.catalog import Catalog
from ninefold.catalog.load import CatalogError, load
from ninefold.catalog.technology import Technology
from ninefold.catalog.write import stale, write

__all__ = ["Catalog", "CatalogError", "Technology", "load", "stale", "write"]
