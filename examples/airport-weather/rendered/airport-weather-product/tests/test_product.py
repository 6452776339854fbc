"""The family's authority: the spec, which the repositories follow, and the contracts."""

import hashlib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def test_the_spec_is_the_one_of_this_product() -> None:
    """It may be ahead of what was rendered, until its proposals are merged, but not another's."""
    spec = yaml.safe_load((ROOT / "product.yaml").read_text("utf-8"))
    answers = yaml.safe_load((ROOT / ".copier-answers.yml").read_text("utf-8"))
    recorded = {name for name in answers if not name.startswith("_")}
    assert recorded - {"role"} == set(spec)
    assert answers["product"]["name"] == spec["product"]["name"]


def test_every_contract_is_the_one_of_its_digest() -> None:
    contracts = ROOT / "contracts"
    listed = [line.split() for line in (contracts / "SHA256SUMS").read_text("utf-8").splitlines()]
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in contracts.glob("*.schema.json")
    }
    assert found == {name: digest for digest, name in listed}
