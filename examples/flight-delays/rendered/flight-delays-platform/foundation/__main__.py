"""The foundation of the product in an environment: `pulumi up` makes it so."""

import pulumi
from ninefold_stacks.foundation.targets import provision

for name, value in provision().items():
    pulumi.export(name, value)
