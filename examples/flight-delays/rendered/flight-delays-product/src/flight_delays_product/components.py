"""The nine components of an MLOps system and what fills each of them in this product."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Component:
    """A component of the reference architecture (Kreuzberg, Kühl, Hirschl 2022)."""

    title: str
    technologies: tuple[str, ...]
    role: str  # the repository in which its port lives


COMPONENTS: Final = (
    Component(
        title="CI/CD",
        technologies=("github-actions", "pulumi"),
        role="platform",
    ),
    Component(
        title="Source code repository",
        technologies=("github",),
        role="platform",
    ),
    Component(
        title="Workflow orchestration",
        technologies=("luigi", "argo-workflows"),
        role="product",
    ),
    Component(
        title="Feature store",
        technologies=("feast",),
        role="data-engineering",
    ),
    Component(
        title="Model training",
        technologies=("ray", "jupyter"),
        role="training",
    ),
    Component(
        title="Model registry",
        technologies=("mlflow",),
        role="training",
    ),
    Component(
        title="ML metadata store",
        technologies=("mlflow",),
        role="training",
    ),
    Component(
        title="Model serving",
        technologies=("bentoml",),
        role="serving",
    ),
    Component(
        title="Monitoring",
        technologies=("prometheus-grafana", "evidently"),
        role="monitoring",
    ),
)
