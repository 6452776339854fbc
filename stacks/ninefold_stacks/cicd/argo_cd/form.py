"""Configuration and outputs of Argo CD as delivery."""

from typing import Annotated, Final, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.keys import TreeBranch, TreeRepository
from ninefold_stacks.patterns import CRON, NAMESPACE

ALWAYS: Final = "always"


class Config(TypedDict):
    """The keys of the namespace `cicd`."""

    repository: TreeRepository
    branch: NotRequired[TreeBranch]
    controller: NotRequired[
        Annotated[
            str,
            Rule(
                "The controller's namespace; `argocd`, unless stated", "argocd", pattern=NAMESPACE
            ),
        ]
    ]
    network_policies: NotRequired[
        Annotated[
            bool,
            Rule(
                "Whether the controller's network policies are made; false where its owner has "
                "others",
                "false",
            ),
        ]
    ]
    window: NotRequired[
        Annotated[
            str,
            Rule(
                "When what is released may change: the beginnings, as cron writes them, or "
                "`always`, which it is unless stated",
                "0 8 * * 1-4",
                pattern=rf"{ALWAYS}|{CRON}",
            ),
        ]
    ]
    window_hours: NotRequired[
        Annotated[int, Rule("How long each of these windows is open", "8", minimum=1)]
    ]
    window_zone: NotRequired[
        Annotated[
            str,
            Rule("The time zone of the windows; UTC, unless stated", "Europe/Berlin",
                 pattern=r"[A-Za-z_/+-]+[0-9]*"),
        ]
    ]  # fmt: skip


class Outputs(TypedDict):
    """What the component answers."""

    application: Annotated[str, Rule("What the controller calls the environment", "")]
