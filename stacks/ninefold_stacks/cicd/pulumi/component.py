"""Delivery by the platform program itself: it applies the release objects of its environment."""

from typing import Final

from ninefold_stacks.platform.release import apply, tree
from ninefold_stacks.provision import Order, Provided

PASSWORDS: Final = ()


def provision(order: Order) -> Provided:
    """Apply the tree of the environment; it names the namespace by itself."""
    apply(tree(order.site.environment), order.site.inside())
    return Provided()
