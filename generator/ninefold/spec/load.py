"""From a file to a valid spec, or to all that is wrong with it."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ninefold.spec.base import Part
from ninefold.spec.document import Document, parse, read
from ninefold.spec.meaning import faults
from ninefold.spec.problem import Problem, SpecError
from ninefold.spec.spec import Spec
from ninefold.spec.wording import problem_of

T = TypeVar("T", bound=Part)


def load(path: Path) -> Spec:
    """Read a spec; a `SpecError` lists everything that is wrong, with lines and remedies."""
    return validate(read(path))


def load_text(text: str, name: str = "product.yaml") -> Spec:
    """Like `load`, from text that is at hand."""
    return validate(parse(text.encode(), name))


def load_with_data(path: Path) -> tuple[Spec, dict[str, Any]]:
    """A valid spec, and the same file as Copier takes it: plain lists and mappings."""
    spec = load(path)
    data: dict[str, Any] = yaml.safe_load(path.read_bytes())
    return spec, data


def conform(document: Document, root: type[T]) -> T:
    """Check a document's form against a model of it."""
    try:
        return root.model_validate(document.values)
    except ValidationError as error:
        problems = [problem_of(each, document, root) for each in _own(error)]
        raise SpecError(document.name, problems) from error


def _own(error: ValidationError) -> list[ErrorDetails]:
    """The errors that stand for themselves: a list is not too short for holding a wrong item."""
    details = error.errors(include_url=False)
    places = [each["loc"] for each in details]
    return [
        each
        for each in details
        if each["type"] != "too_short"
        or not any(
            len(place) > len(each["loc"]) and place[: len(each["loc"])] == each["loc"]
            for place in places
        )
    ]


def validate(document: Document) -> Spec:
    """Check form first, then meaning."""
    spec = conform(document, Spec)
    wrong = [
        Problem(document.line_of(each.place, key=each.on_key), each.text) for each in faults(spec)
    ]
    if wrong:
        raise SpecError(document.name, wrong)
    return spec
