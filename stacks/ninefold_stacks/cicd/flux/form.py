"""Configuration and outputs of Flux as delivery."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.keys import TreeBranch, TreeRepository
from ninefold_stacks.patterns import NAME


class Config(TypedDict):
    """The keys of the namespace `cicd`."""

    repository: TreeRepository
    branch: NotRequired[TreeBranch]
    credentials: NotRequired[
        Annotated[
            str,
            Rule(
                "The Secret that opens the repository, where it is not public", "git", pattern=NAME
            ),
        ]
    ]


class Outputs(TypedDict):
    """What the component answers."""

    kustomizations: Annotated[
        str, Rule("What the controller calls the parts of the environment's tree", "")
    ]
