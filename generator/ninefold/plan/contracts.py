"""Which role holds which contract: the twin of templates/shared/contracts.jinja."""

from collections.abc import Iterator

from ninefold.names import ROLES
from ninefold.spec import Spec

_HOLDERS = {
    "entities": ("data-engineering", "training", "serving", "monitoring"),
    "training-set": ("training", "monitoring"),
    "model-signature": ("training", "serving", "monitoring"),
    "metrics": ("training", "monitoring"),
    "prediction-log": ("serving", "monitoring"),
    "run-record": ("data-engineering", "training", "serving", "monitoring"),
}
_VIEW_HOLDERS = ("data-engineering", "training", "serving")


def holders(spec: Spec) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each contract with the roles that hold it; the product repository holds all."""
    for view in spec.features:
        yield f"feature-view-{view.replace('_', '-')}", _with_home(_VIEW_HOLDERS)
    for name, roles in _HOLDERS.items():
        yield name, _with_home(roles)


def _with_home(roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role for role in ROLES if role == "product" or role in roles)
