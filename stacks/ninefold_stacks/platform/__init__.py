"""The platform of a product in one environment, on top of its foundation."""

from ninefold_stacks.platform.component import Platform, foundation, passwords
from ninefold_stacks.platform.form import Config, Outputs

__all__ = ["Config", "Outputs", "Platform", "foundation", "passwords"]
