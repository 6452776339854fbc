"""The platform of the product in an environment, on its foundation: `pulumi up` makes it so."""  # noqa: A005 - the folder is no module

import pulumi
from ninefold_stacks.configuration import read
from ninefold_stacks.foundation.targets import target_of
from ninefold_stacks.platform import Config, Platform, foundation

config = read(Config)
below = foundation(config)
platform = Platform(
    "platform",
    config,
    below,
    pulumi.ResourceOptions(provider=target_of(config).cluster(config, below)),
)
for name, value in platform.outputs().items():
    pulumi.export(name, value)
