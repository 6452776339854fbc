"""Configuration and outputs of Argo Workflows for a product."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.patterns import ADDRESSES


class Config(TypedDict):
    """The keys of the namespace `orchestration`."""

    api_server: NotRequired[
        Annotated[
            str,
            Rule(
                "Addresses of the API server (CIDR), where the cluster does not tell: steps report "
                "their end to it",
                "192.0.2.1/32",
                pattern=ADDRESSES,
            ),
        ]
    ]


class Outputs(TypedDict):
    """What the component answers."""

    service_account: Annotated[str, Rule("Who reports the end of a step", "")]
