"""What the metadata store is told, which is nothing, and what it tells."""

from typing import Annotated, TypedDict

from ninefold_stacks.configuration import Rule


class Config(TypedDict):
    """Nothing: its server is the model registry's."""


class Outputs(TypedDict):
    """What it tells."""

    metadata_store: Annotated[str, Rule("Where run records are published", "")]
