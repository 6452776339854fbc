"""What metrics and dashboards are told, and what they tell."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.patterns import IMAGE, MEMORY, NAMESPACE, STORAGE
from ninefold_stacks.pinned import image


class Config(TypedDict):
    """The keys in the namespace `monitoring`."""

    files: NotRequired[
        Annotated[
            str,
            Rule(
                "The folder with `rules` and `dashboards`, seen from the program", "../monitoring"
            ),
        ]
    ]
    retention: NotRequired[
        Annotated[str, Rule("How long figures are kept", "30d", pattern=r"[1-9][0-9]*(h|d|w|y)")]
    ]
    storage: NotRequired[Annotated[str, Rule("The volume for them", "20Gi", pattern=STORAGE)]]
    memory: NotRequired[Annotated[str, Rule("Memory of the metrics server", "2Gi", pattern=MEMORY)]]
    interval: NotRequired[
        Annotated[str, Rule("How often is scraped", "30s", pattern=r"[1-9][0-9]*(s|m)")]
    ]
    figures: NotRequired[
        Annotated[bool, Rule("Tell what the loop's steps came to, from their records", "false")]
    ]
    dashboards: NotRequired[Annotated[bool, Rule("Run the pages with the dashboards", "false")]]
    dashboards_url: NotRequired[
        Annotated[
            str,
            Rule(
                "Under which address people see them",
                "https://dashboards.example.com/",
                pattern=r"https?://\S+",
            ),
        ]
    ]
    ingress_namespace: NotRequired[
        Annotated[
            str,
            Rule(
                "The namespace of what lets people in to the dashboards",
                "ingress-nginx",
                pattern=NAMESPACE,
            ),
        ]
    ]
    metrics_image: NotRequired[
        Annotated[
            str,
            Rule("The metrics server's image", image("docker.io/prom/prometheus"), pattern=IMAGE),
        ]
    ]
    dashboards_image: NotRequired[
        Annotated[
            str, Rule("The dashboards' image", image("docker.io/grafana/grafana"), pattern=IMAGE)
        ]
    ]


class Outputs(TypedDict):
    """What it tells."""

    metrics: Annotated[str, Rule("Where figures and alerts are asked for", "")]
    dashboards: Annotated[str, Rule("Where the dashboards are; empty if they are not run", "")]
