"""What the training compute is told, and what it tells."""

from typing import Annotated, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.patterns import ADDRESSES, CPU, IMAGE, MEMORY, NAMESPACE


class Config(TypedDict):
    """The keys in the namespace `training`."""

    operator: NotRequired[
        Annotated[
            str,
            Rule(
                "KubeRay: the environment's own, one that serves the whole cluster already, or "
                "none; then a step computes by itself",
                "existing",
                choices=("own", "existing", "none"),
            ),
        ]
    ]
    operator_image: NotRequired[
        Annotated[
            str,
            Rule("Another image of the own operator", "REGISTRY/NAME:TAG", pattern=IMAGE),
        ]
    ]
    definitions: NotRequired[
        Annotated[
            str,
            Rule(
                "Where the own operator's kinds are defined: `published` by its makers, `existing` "
                "in the cluster, or the address of a copy of their files",
                "existing",
                pattern=r"published|existing|https?://\S+[^/\s]",
            ),
        ]
    ]
    operator_namespace: NotRequired[
        Annotated[
            str,
            Rule(
                "Where an existing operator runs: it asks the compute how jobs do",
                "kuberay-system",
                pattern=NAMESPACE,
            ),
        ]
    ]
    api_server: NotRequired[
        Annotated[
            str,
            Rule(
                "Addresses of the cluster's API behind its Service, for the scaling of workers; "
                "asked of the cluster unless stated",
                "192.0.2.1/32",
                pattern=ADDRESSES,
            ),
        ]
    ]
    min_workers: NotRequired[Annotated[int, Rule("Workers that are always there", "0", minimum=0)]]
    max_workers: NotRequired[Annotated[int, Rule("Workers at most", "4", minimum=1)]]
    idle_seconds: NotRequired[
        Annotated[int, Rule("How long a worker may idle before it goes", "300", minimum=10)]
    ]
    cpu: NotRequired[Annotated[str, Rule("Cores of a worker", "4", pattern=CPU)]]
    memory: NotRequired[Annotated[str, Rule("Memory of a worker", "8Gi", pattern=MEMORY)]]
    gpus: NotRequired[Annotated[int, Rule("GPUs of a worker", "1", minimum=0)]]
    gpu_kind: NotRequired[
        Annotated[
            str,
            Rule("The resource that a GPU is", "amd.com/gpu", pattern=r"[a-z0-9.-]+/[a-z0-9.-]+"),
        ]
    ]
    worker_selector: NotRequired[
        Annotated[
            dict[str, str],
            Rule(
                "Labels of the nodes that workers run on, such as those of spot machines",
                "--path worker_selector.pool spot",
            ),
        ]
    ]
    worker_tolerations: NotRequired[
        Annotated[
            dict[str, str],
            Rule(
                "Taints that workers put up with, and their effects",
                "--path 'worker_tolerations[\"nvidia.com/gpu\"]' NoSchedule",
                choices=("NoSchedule", "PreferNoSchedule", "NoExecute"),
            ),
        ]
    ]
    image: NotRequired[
        Annotated[
            str, Rule("Another image than `images.training`", "REGISTRY/NAME:TAG", pattern=IMAGE)
        ]
    ]


class Outputs(TypedDict):
    """What it tells."""

    compute_address: Annotated[str, Rule("Where clients connect; empty without a cluster", "")]
    cluster: Annotated[str, Rule("The name that jobs select the compute by", "")]
