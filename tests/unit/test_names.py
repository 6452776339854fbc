"""Names follow from a slug, are valid everywhere, and agree with the templates' macros."""

import keyword
import re
import sys
from pathlib import PureWindowsPath
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import CHECKOUT

from ninefold import names

WORD = st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)
SLUGS = (
    st.lists(WORD, min_size=1, max_size=4)
    .map("-".join)
    .filter(lambda slug: names.slug_fault(slug) is None)
)
ENVIRONMENTS = (
    st.lists(WORD, min_size=1, max_size=3)
    .map("-".join)
    .filter(lambda name: names.environment_fault(name) is None)
)
DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9](?<!-s3alias)")


@settings(max_examples=300, deadline=None)
@given(SLUGS, ENVIRONMENTS)
def test_every_derived_name_is_valid(product: str, environment: str) -> None:
    for role in names.ROLES:
        assert DNS_LABEL.fullmatch(names.repository_name(product, role))
        assert names.package_name(product, role).isidentifier()
    assert DNS_LABEL.fullmatch(names.namespace_name(product, environment))
    assert BUCKET.fullmatch(names.namespace_name(product, environment))
    assert names.prefix_name(product).isidentifier()
    assert names.class_name(product).isidentifier()
    folders = [names.repository_name(product, role) for role in names.ROLES]
    packages = [names.package_name(product, role) for role in names.ROLES]
    for name in (*folders, *packages, product, environment):
        assert len(name) <= 63
        assert not PureWindowsPath(name).is_reserved()
    # A product may be called `for` and an environment `in`: in code they are parts of other names.
    for name in (*packages, names.prefix_name(product), names.class_name(product)):
        assert not keyword.iskeyword(name)
    assert not set(packages) & sys.stdlib_module_names


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=26) | st.from_regex(r"[a-z0-9-]{1,24}", fullmatch=True))
def test_a_slug_keeps_its_bounds(text: str) -> None:
    fault = names.slug_fault(text)
    good = (
        re.fullmatch(r"[a-z][a-z0-9-]{1,20}[a-z0-9]", text, re.ASCII)
        and "--" not in text
        and not PureWindowsPath(text).is_reserved()
        and text not in ("none", "true", "false")
    )
    assert (fault is None) == bool(good)
    assert fault is None or ";" in fault


@pytest.mark.parametrize(
    "name", ["none", "true",
             "", "a", "ab", "a" * 23, "Flight", "flight_x", "1ab", "ab-", "a--b", "a b", "con",
             "com1", "nul", "aux", "prn", "lpt9", "a/b", "a\nb", "flüge", "abc\n"],
)  # fmt: skip
def test_slugs_that_are_refused(name: str) -> None:
    assert names.slug_fault(name)


@pytest.mark.parametrize("name", ["abc", "a1b", "flight-delays", "a" * 22, "x-y-z"])
def test_slugs_that_are_accepted(name: str) -> None:
    assert names.slug_fault(name) is None


@pytest.mark.parametrize("name", ["d", "Dev", "con", "s3alias", "a" * 17, "a--b", "dev\n"])
def test_environments_that_are_refused(name: str) -> None:
    assert names.environment_fault(name)


@settings(max_examples=50, deadline=None)
@given(SLUGS, ENVIRONMENTS)
def test_the_templates_derive_the_same_names(product: str, environment: str) -> None:
    macros = _macros(product)
    for role in names.ROLES:
        assert macros.repository_of(role) == names.repository_name(product, role)
        assert macros.package_of(role) == names.package_name(product, role)
    assert macros.prefix_of() == names.prefix_name(product)
    assert macros.namespace_of(environment) == names.namespace_name(product, environment)
    assert macros.class_name(product) == names.class_name(product)
    assert macros.class_name(f"{environment}_x") == names.class_name(f"{environment}_x")


def _macros(product: str) -> Any:
    """The macros as Copier sees them, with its settings from copier.yml."""
    settings = next(yaml.safe_load_all((CHECKOUT / "copier.yml").read_text().split("---")[0]))
    options = settings["_envops"]
    assert options.pop("undefined") == "jinja2.StrictUndefined"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(CHECKOUT), undefined=jinja2.StrictUndefined, **options
    )
    template = environment.get_template("templates/shared/names.jinja")
    return template.make_module({"product": {"name": product}})
