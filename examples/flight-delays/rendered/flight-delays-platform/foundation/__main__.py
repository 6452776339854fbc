"""The foundation of the product in an environment: `pulumi up` makes it so."""

import pulumi
from ninefold_stacks.configuration import read
from ninefold_stacks.foundation.kubernetes import Config, Foundation, FoundationArgs, cluster

config = read(Config)
arguments: FoundationArgs = {
    "product": config["product"],
    "environment": config["environment"],
    "size": config["size"],
    "owners": config.get("owners", {}),
    "settings": config.get("settings", {}),
    "protect": config.get("protect", False),
}
foundation = Foundation(
    "foundation",
    arguments,
    pulumi.ResourceOptions(provider=cluster(config)),
)
for name, value in foundation.outputs().items():
    pulumi.export(name, value)
