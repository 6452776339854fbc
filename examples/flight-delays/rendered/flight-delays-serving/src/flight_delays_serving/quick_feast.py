"""What the feature store needs of Feast, without Feast's run-time type checks.

Feast decorates most of its classes with typeguard's `typechecked`, which parses and compiles each of
their methods anew in every process that imports Feast: two thirds of the time that this takes. It
is meant for development, and says so; here `make lint` checks types before anything runs. Whatever
imports Feast first decides, so take its names from here.
"""

import typeguard

_checked = typeguard.typechecked
typeguard.typechecked = lambda target: target  # type: ignore[assignment]
try:
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
    from feast.data_format import ParquetFormat
    from feast.types import Float64, Int64, String
finally:
    typeguard.typechecked = _checked

__all__ = [
    "Entity",
    "FeatureStore",
    "FeatureView",
    "Field",
    "FileSource",
    "Float64",
    "Int64",
    "ParquetFormat",
    "RepoConfig",
    "String",
    "ValueType",
]
