"""The whole product.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from ninefold.spec.base import Part
from ninefold.spec.environments import Environment
from ninefold.spec.features import View
from ninefold.spec.label import Label
from ninefold.spec.model import Model
from ninefold.spec.operation import Service, Watch
from ninefold.spec.owners import Owners
from ninefold.spec.prediction import Prediction
from ninefold.spec.product import Product
from ninefold.spec.retraining import Retraining
from ninefold.spec.sources import Source
from ninefold.spec.technologies import Technologies
from ninefold.spec.text import EnvironmentName, Identifier


class Spec(Part):
    """One product: what it is, who owns it, what it is made of and where it runs."""

    version: Literal[1]
    """Version of this format."""
    product: Product
    owners: Owners
    technologies: Technologies
    environments: Annotated[dict[EnvironmentName, Environment], Field(min_length=1)]
    """The environments; the first is the default."""
    sources: Annotated[dict[Identifier, Source], Field(min_length=1)]
    """The raw data."""
    prediction: Prediction
    label: Label
    features: Annotated[dict[Identifier, View], Field(min_length=1)]
    """The feature views."""
    model: Model
    serving: Service
    monitoring: Watch
    retraining: Retraining
