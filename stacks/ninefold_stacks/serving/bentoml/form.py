"""What the service's place in a cluster is told."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.patterns import NAMESPACE


class Config(TypedDict):
    """The keys in the namespace `serving`."""

    gateway_namespace: NotRequired[
        Annotated[
            str,
            Rule(
                "The namespace of the pods that bring requests from outside",
                "envoy-gateway-system",
                pattern=NAMESPACE,
            ),
        ]
    ]


class Outputs(TypedDict):
    """It answers nothing: its address is that of the Service."""
