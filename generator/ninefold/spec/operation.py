"""How the product is served and watched."""

from typing import Annotated

from pydantic import Field

from ninefold.spec.base import Part
from ninefold.spec.text import Duration, Latency

Share = Annotated[float, Field(ge=0, le=1)]


class Service(Part):
    """What the service promises."""

    port: Annotated[int, Field(ge=1024, le=65535)]
    """Port on this machine."""
    latency_p99: Latency
    """99 of 100 answers come within this time."""
    error_share: Share
    """At most this share of answers may be errors of the service."""
    horizon: Duration
    """Batch scoring covers the entities of this time ahead."""


class Watch(Part):
    """What monitoring compares, and when it alarms."""

    window: Duration
    """The latest data that are compared with the training data."""
    drift_share: Share
    """Alarm if at least this share of features drifts."""
    drift_distance: Annotated[float, Field(gt=0, le=1)]
    """A feature drifts from this distance on."""
    null_share: Share
    """Alarm if at least this share of a feature's values is missing."""
