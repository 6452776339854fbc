"""Every change is reviewed by an owner whom the product's spec names."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
OWNERS = ROOT / ".github" / "CODEOWNERS"


def test_every_path_has_owners_from_the_spec() -> None:
    answers = (ROOT / ".copier-answers.yml").read_text("utf-8")
    lines = OWNERS.read_text("utf-8").splitlines()
    rules = [line.split() for line in lines if line and line[0] not in "#["]
    assert "*" in [rule[0] for rule in rules]
    for path, *owners in rules:
        assert owners, f"{path} has no owner"
        for owner in owners:
            assert re.search(rf"^  [a-z-]+: ['\"]?{re.escape(owner)}['\"]?$", answers, re.MULTILINE)
