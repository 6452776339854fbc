"""Configuration and outputs of Feast on a platform's stores."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.patterns import CPU, MEMORY


class Config(TypedDict):
    """The keys of the namespace `feature_store`."""

    prefix: NotRequired[
        Annotated[
            str,
            Rule(
                "Where the feature views lie in the bucket",
                "features",
                pattern=r"[a-z0-9](?:[a-z0-9/-]{0,61}[a-z0-9])?",
            ),
        ]
    ]
    servers: NotRequired[
        Annotated[int, Rule("How many answer features over HTTP; 0 for none", "1", minimum=0)]
    ]
    cpu: NotRequired[Annotated[str, Rule("Cores of such a server", "500m", pattern=CPU)]]
    memory: NotRequired[Annotated[str, Rule("Memory of such a server", "1Gi", pattern=MEMORY)]]


class Outputs(TypedDict):
    """What the component answers."""

    offline: Annotated[str, Rule("Where the feature views lie", "")]
    online: Annotated[str, Rule("The online store, as host:port", "")]
    server: Annotated[str, Rule("Where features are answered over HTTP; empty without that", "")]
