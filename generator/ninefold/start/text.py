"""The text of a first product.yaml."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from string import Template

from ninefold.errors import NinefoldError
from ninefold.spec.problem import did_you_mean

# The example whose technologies a new product starts with: maintained ones that run together.
_DEFAULTS = "flight-delays"
_BY_TYPE: Mapping[str, Mapping[str, str]] = {
    "binary-classification": {
        "label": "late_delivery",
        "label_expression": "days_to_deliver > 3",
        "label_description": "The parcel took more than three days.",
        "metric": "roc_auc",
        "bound": "minimum: 0.7",
        "margin": "0.02",
        "quality_drop": "0.02",
    },
    "regression": {
        "label": "delivery_days",
        "label_expression": "days_to_deliver",
        "label_description": "Days from sending to delivery.",
        "metric": "mae",
        "bound": "maximum: 2.0",
        "margin": "0.1",
        "quality_drop": "0.2",
    },
}
PROBLEM_TYPES = tuple(_BY_TYPE)


@dataclass(frozen=True)
class Answers:
    """What only the product's owner knows."""

    name: str
    title: str
    organisation: str
    problem_type: str


def blank(answers: Answers, root: Path) -> str:
    """A spec that is valid as it stands, and says in comments what to replace."""
    template = resources.files("ninefold.start").joinpath("blank.yaml").read_text(encoding="utf-8")
    return Template(template).substitute(
        _BY_TYPE[answers.problem_type],
        schema_line=_schema_line(),
        name=answers.name,
        title=json.dumps(answers.title, ensure_ascii=False),
        title_comment=answers.title,
        organisation=answers.organisation,
        type=answers.problem_type,
        technologies=_section(example(_DEFAULTS, root), "technologies"),
    )


def examples(root: Path) -> list[str]:
    """The worked examples there are."""
    return sorted(path.parent.name for path in (root / "examples").glob("*/product.yaml"))


def example(name: str, root: Path) -> str:
    """The spec of a worked example."""
    known = examples(root)
    if name not in known:
        raise NinefoldError(f"there is no example {name}; {did_you_mean(name, known)}")
    text = (root / "examples" / name / "product.yaml").read_text(encoding="utf-8")
    return re.sub(r"\A# yaml-language-server:.*\n", _schema_line(), text)


def _section(text: str, key: str) -> str:
    """A top-level key with everything under it."""
    found = re.search(rf"^{key}:\n(?:(?: .*)?\n)+", text, re.MULTILINE)
    return found[0] if found else f"{key}: {{}}\n"


def _schema_line() -> str:
    """Tells editors where the schema is, if this installation knows where it is published."""
    try:
        entries = metadata.metadata("ninefold").get_all("Project-URL") or []
        version = metadata.version("ninefold")
    except metadata.PackageNotFoundError:
        return ""
    for entry in entries:
        label, _, url = str(entry).partition(", ")
        if label == "Repository":
            where = f"{url}/raw/v{version}/generator/ninefold/spec.schema.json"
            return f"# yaml-language-server: $schema={where}\n"
    return ""
