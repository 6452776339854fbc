"""Keys that the configurations of several programs have, with what they mean and what is legal."""

from typing import Annotated, Final

from ninefold_stacks.configuration import Rule
from ninefold_stacks.patterns import ENVIRONMENT, GIT, NAME, SLUG

SIZES: Final = ("small", "medium", "large")

ProductName = Annotated[str, Rule("The product's name", "flight-delays", pattern=SLUG)]
EnvironmentName = Annotated[str, Rule("The environment's name", "staging", pattern=ENVIRONMENT)]
SizeName = Annotated[str, Rule("How much the environment gets", "small", choices=SIZES)]
TargetName = Annotated[
    str, Rule("What it stands on: a cluster, or an account", "kubernetes", pattern=r"[a-z]+")
]
Owners = Annotated[
    dict[str, str],
    Rule("Who owns what, by role", "--path owners.devops-engineer @team/devops"),
]
Protect = Annotated[bool, Rule("Refuse to delete what holds data, such as the namespace", "true")]
StorageClass = Annotated[
    str, Rule("Class of the volumes; the cluster's default, unless stated", "fast", pattern=NAME)
]
PullSecret = Annotated[
    str,
    Rule(
        "Name of the Secret of the namespace that opens the registry of the images",
        "registry",
        pattern=NAME,
    ),
]
AssignedUids = Annotated[
    bool,
    Rule("The cluster assigns users and groups to pods, as OpenShift does: none is stated", "true"),
]
Context = Annotated[
    str,
    Rule("The context of the kubeconfig that names the cluster", "my-cluster", pattern=r"\S+"),
]
TreeRepository = Annotated[
    str,
    Rule(
        "Where a controller fetches the platform repository from",
        "https://git.example.org/team/platform.git",
        pattern=GIT,
    ),
]
TreeBranch = Annotated[
    str,
    Rule("The branch whose tree is released; `main`, unless stated", "main", pattern=r"[\w./-]+"),
]
