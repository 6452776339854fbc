"""product.yaml is the family's authority: this repository's own answers are the same."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def test_the_answers_equal_the_spec() -> None:
    spec = yaml.safe_load((ROOT / "product.yaml").read_text("utf-8"))
    answers = yaml.safe_load((ROOT / ".copier-answers.yml").read_text("utf-8"))
    recorded = {name: value for name, value in answers.items() if not name.startswith("_")}
    recorded.pop("role")
    assert recorded == spec
