"""The roles that have repositories, and every name derived from a product's slug.

Derived names are pure concatenation: the twin of templates/shared/names.jinja. The bounds of a slug
make each of them valid wherever it is used (Kubernetes, S3, Python, Windows).
"""

import keyword
import re
from itertools import product as combinations

# The order in which they are rendered and shown.
ROLES = ("product", "data-engineering", "training", "serving", "monitoring", "platform")

_SLUG = re.compile(r"[a-z](?:[a-z0-9]|-(?!-)){1,20}[a-z0-9]")
_ENVIRONMENT = re.compile(r"[a-z](?:[a-z0-9]|-(?!-)){0,14}[a-z0-9]")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")

# Windows knows these names as devices, whatever ending follows them.
_DEVICES = frozenset(
    {"aux", "con", "nul", "prn"}
    | {f"{device}{number}" for device, number in combinations(("com", "lpt"), range(10))}
)
# S3 keeps names with these endings for itself.
_S3_ENDINGS = ("-s3alias", "-ol-s3", "-x-s3", "-table-s3")


def slug_fault(name: str) -> str | None:
    """Say why this cannot be a product's name, None if it can."""
    if not _SLUG.fullmatch(name):
        return (
            "is no product name; use 3 to 22 lowercase letters, digits and single hyphens, "
            "starting with a letter and ending with a letter or digit, such as flight-delays"
        )
    if name in _DEVICES:
        return "is a device name on Windows; choose another name, such as flight-delays"
    if keyword.iskeyword(class_name(name)):
        return "becomes a word of Python; choose another name, such as flight-delays"
    return None


def environment_fault(name: str) -> str | None:
    """Say why this cannot be an environment's name, None if it can."""
    if not _ENVIRONMENT.fullmatch(name):
        return (
            "is no environment name; use 2 to 16 lowercase letters, digits and single hyphens, "
            "starting with a letter, such as dev or staging"
        )
    if name in _DEVICES:
        return "is a device name on Windows; choose another name, such as dev or staging"
    if f"-{name}".endswith(_S3_ENDINGS):
        return "ends like a name that S3 keeps for itself; choose another name, such as staging"
    return None


def is_identifier(name: str) -> bool:
    """Tell whether this is lowercase snake case of at most 48 characters."""
    return len(name) <= 48 and _IDENTIFIER.fullmatch(name) is not None


def repository_name(product: str, role: str) -> str:
    """flight-delays, training -> flight-delays-training."""
    return f"{product}-{role}"


def package_name(product: str, role: str) -> str:
    """flight-delays, training -> flight_delays_training."""
    return f"{product}_{role}".replace("-", "_")


def prefix_name(product: str) -> str:
    """flight-delays -> FLIGHT_DELAYS, the start of every environment variable."""
    return product.replace("-", "_").upper()


def namespace_name(product: str, environment: str) -> str:
    """flight-delays, dev -> flight-delays-dev; a bucket's name as well as a namespace's."""
    return f"{product}-{environment}"


def class_name(slug: str) -> str:
    """flight-delays -> FlightDelays; plane_delays -> PlaneDelays."""
    return "".join(part.capitalize() for part in slug.replace("-", "_").split("_"))


def folder_of(technology: str) -> str:
    """The folder of a technology, a hyphen of its name being an underscore, as in a package."""
    return technology.replace("-", "_")


def entity_view_name(entity: str) -> str:
    """For flight it is flight_keys, the automatic view that knows an entity's join keys."""
    return f"{entity}_keys"
