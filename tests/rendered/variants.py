"""Other legal specs than the example's, and their repositories rendered in this process."""

import random
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ninefold.names import repository_name
from ninefold.plan import prepare
from ninefold.render import Source
from ninefold.render import render as render_role
from ninefold.template import resolve

from rendering import CHECKOUT, ROLES

HEATING = Path(__file__).parent / "specs" / "room-heating.yaml"
# What people write: quotes, braces, percent signs, accents, a line that is too long.
SENTENCES = (
    'The "best" of it, they said.',
    "It's {{ not }} a template, nor ${{ one }} of another kind.",
    "100 % naïve — and über-long: " + "very " * 40 + "long.",
    "A backslash \\n and a 'quote'.",
    "#hash: colon, [list] & *star",
)


def heating() -> dict[str, Any]:
    """The second product's spec."""
    document: dict[str, Any] = yaml.safe_load(HEATING.read_text(encoding="utf-8"))
    return document


def drawn(seed: int) -> dict[str, Any]:
    """A legal spec with drawn names, texts, views, rules and lengths."""
    draw = random.Random(seed)
    spec = heating()
    spec["product"]["name"] = _slug(draw)
    spec["product"]["title"] = draw.choice([one for one in SENTENCES if len(one) < 80])
    for key in ("problem", "value"):
        spec["product"][key] = draw.choice(SENTENCES)
    spec["label"]["description"] = draw.choice(SENTENCES)
    for view in spec["features"].values():
        view["description"] = draw.choice(SENTENCES)
        view["rules"] = _rules(draw, view["rules"])
    if draw.random() < 0.3:
        del spec["features"]["habit"]
    few = ("category", "calendar")
    spec["model"]["baseline"] = [
        name for name, rule in spec["features"]["plan"]["rules"].items() if rule["kind"] in few
    ][:2]
    categories = [
        name
        for view in spec["features"].values()
        for name, rule in view["rules"].items()
        if rule["kind"] == "category"
    ]
    spec["model"]["slices"] = categories[: draw.randint(0, 1)]
    spec["environments"] = {
        _slug(draw)[:9].rstrip("-"): environment for environment in spec["environments"].values()
    }
    return spec


def _slug(draw: random.Random) -> str:
    middle = "".join(draw.choice(string.ascii_lowercase) for _ in range(draw.randint(1, 20)))
    if len(middle) > 4:
        middle = f"{middle[:2]}-{middle[3:]}"
    return f"q{middle}{draw.choice(string.ascii_lowercase + string.digits)}"


def _rules(draw: random.Random, rules: Mapping[str, Any]) -> dict[str, Any]:
    kept = draw.sample(sorted(rules), draw.randint(1, len(rules)))
    if "weekday" in rules and "weekday" not in kept:
        kept.append("weekday")  # the baseline needs a feature of few values
    long = draw.random() < 0.5
    return {
        (f"{name}_with_a_name_that_goes_on" if long else name): {
            **rules[name],
            **({"description": draw.choice(SENTENCES)} if draw.random() < 0.5 else {}),
        }
        for name in kept
    }


def render(spec: Mapping[str, Any], into: Path) -> dict[str, Path]:
    """The six repositories, by Copier with the template fetched once."""
    path = into / "answered.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), encoding="utf-8")
    data = prepare(path).data
    found = {role: into / repository_name(spec["product"]["name"], role) for role in ROLES}
    with Source(resolve(str(CHECKOUT))) as source:
        for role, folder in found.items():
            render_role(source, role, data, folder)
    return found
