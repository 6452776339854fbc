"""The committed examples are what their specs render to."""

from pathlib import Path

import pytest
from golden import EXAMPLES, RENDERED, examples, regenerate

from workshop import tree


@pytest.mark.parametrize("name", [example.name for example in examples()])
def test_the_rendered_example_is_up_to_date(origin: Path, tmp_path: Path, name: str) -> None:
    regenerate(EXAMPLES / name, origin, tmp_path / "fresh")
    fresh = {path: content for path, (_, content) in tree(tmp_path / "fresh").items()}
    kept = {path: content for path, (_, content) in tree(EXAMPLES / name / RENDERED).items()}
    remedy = "run `python tests/family/golden.py` and review what it changes"
    assert sorted(fresh.keys() ^ kept.keys()) == [], remedy
    assert [path for path in fresh if fresh[path] != kept[path]] == [], remedy
