"""The slots of the nine components: each is filled by a technology, some may stay empty.

The fields below are the one definition of components and slots; `SLOTS` is read off them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from ninefold.spec.base import Part
from ninefold.spec.text import TechnologyName, refused

NONE = "none"
Target = Literal["local", "kubernetes", "aws"]
# What a target stands on: what runs there runs here, and what was chosen for it is chosen here.
BELOW: Mapping[str, str] = {"aws": "kubernetes"}


def _by_shape(value: Any) -> str:
    return "per target" if isinstance(value, dict) else "one name"


def _filled(choice: "Choice") -> "Choice":
    if NONE in _names(choice):
        raise refused("cannot be none: the product's loop needs it; name a technology")
    return choice


Choice = Annotated[
    Annotated[TechnologyName, Tag("one name")]
    | Annotated[dict[Target, TechnologyName], Field(min_length=1), Tag("per target")],
    Discriminator(_by_shape),
]
Filled = Annotated[Choice, AfterValidator(_filled)]


class Cicd(Part):
    """Continuous integration and delivery."""

    pipelines: Choice = NONE
    """Runs each repository's checks."""
    delivery: Choice = NONE
    """Brings releases into the environments."""


class Training(Part):
    """Training infrastructure."""

    compute: Filled
    """Runs search and training."""
    notebooks: Choice = NONE
    """Where experiments are made."""


class Serving(Part):
    """Model serving."""

    online: Filled
    """Answers single predictions."""
    batch: Filled
    """Scores many entities at once."""


class Monitoring(Part):
    """Monitoring of data, model and service."""

    metrics: Filled
    """Metrics, rules and dashboards."""
    logs: Choice = NONE
    """Structured logs."""
    drift: Filled
    """Tests of drift."""
    training_curves: Choice = NONE
    """Curves of training runs."""


class Technologies(Part):
    """The technology in each slot: a name, a name per target, or `none` where that is possible."""

    cicd: Cicd = Cicd()
    source_repository: Choice = NONE
    """Host of the code."""
    orchestration: Filled
    """Runs the steps in their order."""
    feature_store: Filled
    """Keeps features for training and for serving."""
    training: Training
    model_registry: Filled
    """Keeps models, their versions and aliases."""
    metadata_store: Filled
    """Keeps the record of every run."""
    serving: Serving
    monitoring: Monitoring

    def chosen(self, slot: "Slot") -> Mapping[str, str]:
        """The technology of a slot per target (`""` stands for all); none is left out."""
        return {target: name for target, name in self._named(slot).items() if name != NONE}

    def chosen_for(self, slot: "Slot", target: str) -> str:
        """The technology of a slot on a target: its own, or of what it stands on; or none."""
        named = self._named(slot)
        stated = (one for one in (target, BELOW.get(target, ""), "") if one in named)
        name = named.get(next(stated, ""), NONE)
        return "" if name == NONE else name

    def _named(self, slot: "Slot") -> Mapping[str, str]:
        value: Any = getattr(self, slot.component)
        if slot.name != slot.component:
            value = getattr(value, slot.name)
        return value if isinstance(value, dict) else {"": value}


@dataclass(frozen=True, order=True)
class Slot:
    """A place in a component that a technology fills."""

    component: str
    name: str
    required: bool
    summary: str

    @property
    def path(self) -> str:
        """serving.online; orchestration, where the component has just this one slot."""
        return self.component if self.name == self.component else f"{self.component}.{self.name}"


def _names(choice: Any) -> tuple[str, ...]:
    return tuple(choice.values()) if isinstance(choice, dict) else (choice,)


def _slots() -> Iterator[Slot]:
    for component, field in Technologies.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Part):
            for name, inner in kind.model_fields.items():
                yield Slot(component, name, inner.is_required(), inner.description or "")
        else:
            yield Slot(component, component, field.is_required(), field.description or "")


SLOTS = tuple(_slots())
COMPONENTS = tuple(dict.fromkeys(slot.component for slot in SLOTS))
