"""What the foundation in AWS is told, and what it tells those who build on it."""

from collections.abc import Mapping
from typing import Annotated, Final, NotRequired, TypedDict

from ninefold_stacks.configuration import Rule
from ninefold_stacks.foundation.kubernetes import form as kubernetes
from ninefold_stacks.patterns import IMAGE

# Nothing may be opened to everybody: a range leaves at most a 256th of all addresses.
PART = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
RANGE = rf"{PART}(?:\.{PART}){{3}}/(?:[89]|[12][0-9]|3[0-2])"
NAME = r"[a-z][a-z0-9-]{0,61}[a-z0-9]"
ROLE = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+"
INSTANCE = r"[a-z0-9-]+(?:\.[a-z0-9-]+){1,2}"


class Config(kubernetes.Product):
    """The keys of `Pulumi.<environment>.yaml`."""

    account: Annotated[
        str,
        Rule("The account; credentials of another one are refused", "123456789012", r"[0-9]{12}"),
    ]
    region: Annotated[
        str, Rule("The region", "eu-central-1", pattern=r"[a-z]{2}(?:-[a-z]+)+-[1-9]")
    ]
    images: NotRequired[
        Annotated[
            str,
            Rule(
                "Names of the images that get a repository, with commas between them",
                "training,serving",
                pattern=rf"{NAME}(?:,{NAME})*",
            ),
        ]
    ]


class Outputs(kubernetes.Outputs):
    """What the stack exports: what every foundation does, and how its cluster is reached."""

    cluster: Annotated[
        dict[str, str],
        Rule("Name, region, endpoint and authority of the cluster; where the stores are", ""),
    ]
    identities: Annotated[dict[str, str], Rule("The role of each workload that has one", "")]
    images: Annotated[dict[str, str], Rule("The repository of each image", "")]


class NetworkConfig(TypedDict):
    """The namespace `network`."""

    range: NotRequired[
        Annotated[
            str,
            Rule(
                "Addresses of the network; a /16, which no network that is to be joined has",
                "100.64.0.0/16",
                pattern=rf"{PART}\.{PART}\.0\.0/16",
            ),
        ]
    ]
    zones: NotRequired[
        Annotated[
            str,
            Rule(
                "Letters of two to four zones of the region", "a,b", pattern=r"[a-z](?:,[a-z]){1,3}"
            ),
        ]
    ]


class ClusterConfig(TypedDict):
    """The namespace `cluster`."""

    version: NotRequired[
        Annotated[str, Rule("Version of Kubernetes", "1.35", pattern=r"1\.[0-9]{2}")]
    ]
    instance: NotRequired[
        Annotated[str, Rule("Type of the nodes; by size", "m6i.2xlarge", pattern=INSTANCE)]
    ]
    minimum: NotRequired[Annotated[int, Rule("Nodes at least; by size", "2", minimum=1)]]
    maximum: NotRequired[Annotated[int, Rule("Nodes at most; by size", "6", minimum=1)]]
    groups: NotRequired[
        Annotated[
            dict[str, str],
            Rule(
                "More nodes, for those who select a group by its name: type, numbers at least and "
                "at most, `spot` where AWS may take them back, `gpu` where they have some",
                "--path cluster:groups.compute 'g5.xlarge 0-4 spot gpu'",
                pattern=rf"{INSTANCE} [0-9]{{1,3}}-[0-9]{{1,3}}(?: spot)?(?: gpu)?",
            ),
        ]
    ]
    access: NotRequired[
        Annotated[
            dict[str, str],
            Rule(
                "From where its API may be asked besides its own network, each with a name",
                "--path cluster:access.office 203.0.113.0/24",
                pattern=RANGE,
            ),
        ]
    ]
    administrators: NotRequired[
        Annotated[
            dict[str, str],
            Rule(
                "Roles that administer it besides its maker's, each with a name",
                "--path cluster:administrators.platform arn:aws:iam::123456789012:role/platform",
                pattern=ROLE,
            ),
        ]
    ]
    readers: NotRequired[
        Annotated[
            dict[str, str],
            Rule(
                "Roles that may see all that is in it, secrets too, and change nothing; each with "
                "a name",
                "--path cluster:readers.preview arn:aws:iam::123456789012:role/preview",
                pattern=ROLE,
            ),
        ]
    ]


class ObjectStoreConfig(TypedDict):
    """The namespace `object_store`."""

    versions_days: NotRequired[
        Annotated[int, Rule("Days that an overwritten object is kept", "30", minimum=1)]
    ]


class DatabaseConfig(TypedDict):
    """The namespace `database`."""

    version: NotRequired[
        Annotated[str, Rule("Major version of PostgreSQL", "17", pattern=r"1[5-9]")]
    ]
    instance: NotRequired[
        Annotated[
            str, Rule("Type of the server; by size", "db.r6g.xlarge", pattern=rf"db\.{INSTANCE}")
        ]
    ]
    storage: NotRequired[
        Annotated[int, Rule("GiB at first; it grows by itself; by size", "100", minimum=20)]
    ]
    backup_days: NotRequired[
        Annotated[int, Rule("Days that backups are kept; by size", "14", minimum=1)]
    ]
    image: NotRequired[
        Annotated[
            str,
            Rule("Image with the client that makes the roles", "registry.example/name:1.2", IMAGE),
        ]
    ]


class KeyValueConfig(TypedDict):
    """The namespace `key_value`."""

    version: NotRequired[Annotated[str, Rule("Version of Valkey", "8.0", pattern=r"[78]\.[0-9]")]]
    instance: NotRequired[
        Annotated[
            str,
            Rule("Type of the servers; by size", "cache.r7g.large", pattern=rf"cache\.{INSTANCE}"),
        ]
    ]
    servers: NotRequired[Annotated[int, Rule("How many; by size", "2", minimum=1)]]
    backup_days: NotRequired[
        Annotated[int, Rule("Days that backups are kept; by size", "7", minimum=1)]
    ]


# Configuration in namespaces of its own: `pulumi config set database:instance db.r6g.xlarge`.
NAMESPACES: Final[Mapping[str, type]] = {
    "network": NetworkConfig,
    "cluster": ClusterConfig,
    "object_store": ObjectStoreConfig,
    "database": DatabaseConfig,
    "key_value": KeyValueConfig,
}
