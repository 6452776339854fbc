"""What the foundation is told, and what it tells those who build on it."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.foundation.kubernetes.sizes import SIZES

SLUG = r"[a-z](?:[a-z0-9]|-(?!-)){1,20}[a-z0-9]"
ENVIRONMENT = r"[a-z](?:[a-z0-9]|-(?!-)){0,14}[a-z0-9]"


class Config(TypedDict):
    """The keys of `Pulumi.<environment>.yaml`."""

    product: Annotated[
        str,
        Rule("The product's name", "flight-delays", pattern=SLUG),
    ]
    environment: Annotated[
        str,
        Rule("The environment's name", "staging", pattern=ENVIRONMENT),
    ]
    size: Annotated[
        str,
        Rule("How much the environment gets", "small", choices=tuple(SIZES)),
    ]
    owners: NotRequired[
        Annotated[
            dict[str, str],
            Rule("Who owns what, by role", "--path owners.devops-engineer @team/devops"),
        ]
    ]
    settings: NotRequired[
        Annotated[
            dict[str, str],
            Rule("Settings of the product for its workloads", "--path settings.TITLE Flights"),
        ]
    ]
    protect: NotRequired[
        Annotated[bool, Rule("Refuse to delete the namespace and what is in it", "true")]
    ]
    context: NotRequired[
        Annotated[
            str,
            Rule(
                "The context of the kubeconfig that names the cluster", "my-cluster", pattern=r"\S+"
            ),
        ]
    ]


class Outputs(TypedDict):
    """What the stack exports."""

    namespace: Annotated[str, Rule("The product's namespace in this environment", "")]
    settings: Annotated[str, Rule("Name of the ConfigMap with the product's settings", "")]
    size: Annotated[str, Rule("The size that the quota follows", "")]
    labels: Annotated[dict[str, str], Rule("Labels of everything that belongs to the product", "")]
