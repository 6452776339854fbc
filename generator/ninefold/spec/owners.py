"""Who answers for what: the seven roles of people."""

from pydantic import ConfigDict

from ninefold.spec.base import Part
from ninefold.spec.text import Owner


class Owners(Part):
    """A team or person of the code host for each role."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))

    business_stakeholder: Owner
    """Owns the problem, its value and the acceptance of the product."""
    solution_architect: Owner
    """Owns the architecture and the choice of technologies."""
    data_scientist: Owner
    """Owns features, model and evaluation."""
    data_engineer: Owner
    """Owns sources, ingestion and feature pipelines."""
    software_engineer: Owner
    """Owns the serving code."""
    devops_engineer: Owner
    """Owns the platform and its environments."""
    ml_engineer: Owner
    """Owns the automated loop, serving and monitoring."""
