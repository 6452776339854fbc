"""A random legal spec renders to files that compile, and that ruff and the JSON schemas accept."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from files import changes, unread
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ninefold.names import ROLES, repository_name
from ninefold.plan import prepare
from ninefold.render import Source, render
from ninefold.template import resolve

from rendering import CHECKOUT, call, example
from variants import SENTENCES, drawn

BATCH = 5


def sentences() -> st.SearchStrategy[str]:
    """What people write, and what nobody would."""
    letters = st.characters(categories=["L", "N", "P", "S"], include_characters=" ")
    free = st.text(letters, min_size=1, max_size=60).map(lambda text: f"x {text} x")
    return st.sampled_from(SENTENCES) | free


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A legal spec: one of two products with drawn names, texts, views, rules and figures."""
    if draw(st.booleans()):
        spec: dict[str, Any] = drawn(draw(st.integers(0, 2**20)))
    else:
        spec = example()
    spec["product"]["problem"] = draw(sentences())
    spec["product"]["value"] = draw(sentences())
    spec["label"]["description"] = draw(sentences())
    for source in spec["sources"].values():
        source["description"] = draw(sentences())
    for view in spec["features"].values():
        view["ttl"] = f"{draw(st.integers(1, 400))}{draw(st.sampled_from('hd'))}"
        if draw(st.booleans()):
            view["description"] = draw(sentences())
    spec["model"]["seed"] = draw(st.integers(0, 2**31 - 1))
    spec["model"]["search"]["trials"] = draw(st.integers(1, 50))
    spec["serving"]["port"] = draw(st.integers(1024, 65535))
    spec["serving"]["error_share"] = draw(st.floats(0, 1).map(lambda share: round(share, 6)))
    spec["monitoring"]["drift_share"] = draw(st.floats(0, 1).map(lambda share: round(share, 6)))
    spec["monitoring"]["window"] = f"{draw(st.integers(1, 90))}d"
    for slot in ("pipelines", "delivery"):
        if draw(st.booleans()):
            spec["technologies"]["cicd"][slot] = "none"
    if draw(st.booleans()):
        spec["technologies"]["training"]["notebooks"] = "none"
    return spec


def figure(spec: dict[str, Any]) -> bytes:
    return yaml.safe_dump(spec, sort_keys=False, allow_unicode=True).encode()


def hold(given_specs: list[dict[str, Any]], folder: Path, source: Source) -> list[Path]:
    """Render each role of each spec, then judge all at once."""
    made = []
    for number, spec in enumerate(given_specs):
        path = folder / f"{number}.yaml"
        path.write_bytes(figure(spec))
        data = prepare(path).data
        for role in ROLES:
            name = repository_name(spec["product"]["name"], role)
            made.append(folder / str(number) / name)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                render(source, role, data, made[-1])
    said = [*changes(folder), *(said for one in made for said in unread(one))]
    assert not said, "\n".join(said)
    return made


@pytest.fixture(scope="module")
def source() -> Iterator[Source]:
    """The templates as they are, fetched once."""
    with Source(resolve(str(CHECKOUT))) as opened:
        yield opened


def check(count: int, source: Source, factory: pytest.TempPathFactory) -> None:
    """As many examples as asked for, in batches that one call of ruff judges."""

    @settings(
        max_examples=count // BATCH, deadline=None, database=None, derandomize=True,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(specs(), min_size=BATCH, max_size=BATCH))
    def judged(batch: list[dict[str, Any]]) -> None:
        hold(batch, factory.mktemp("random"), source)

    judged()


def test_fifty_random_specs(source: Source, tmp_path_factory: pytest.TempPathFactory) -> None:
    check(50, source, tmp_path_factory)


@pytest.mark.soak
def test_hundreds_of_random_specs(source: Source, tmp_path_factory: pytest.TempPathFactory) -> None:
    check(300, source, tmp_path_factory)


@pytest.mark.soak
@pytest.mark.parametrize("seed", (3, 5, 8))
def test_random_specs_with_types_and_tests(seed: int, source: Source, tmp_path: Path) -> None:
    """Each repository of three of them installs, lints and tests itself."""
    for repository in hold([drawn(seed)], tmp_path, source):
        call("git", "init", "--quiet", at=repository)
        for verb in ("setup", "lint", "test"):
            call("make", verb, at=repository)
