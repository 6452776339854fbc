"""`ninefold new` and plain Copier give the same bytes, and only what a role reads matters."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ninefold.render import Source, render
from ninefold.template import Template

from workshop import EXAMPLE, ROLES, Workshop, load, tree

HOME = "flight-delays-product"
UNREAD = {"unread": {"unread": "unread"}}


def copied(workshop: Workshop, role: str) -> Path:
    folder = workshop.folder / role
    workshop.copier(
        "copy", "--quiet", "--defaults", "--vcs-ref", "HEAD", "--data-file", EXAMPLE,
        "-d", f"role={role}", workshop.template, folder,
    )  # fmt: skip
    return folder


def test_plain_copier_gives_the_same_bytes_and_modes(workshop: Workshop, family: Path) -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        plain = list(pool.map(lambda role: copied(workshop, role), ROLES))
    for role, folder in zip(ROLES, plain, strict=True):
        ours, theirs = tree(family / f"flight-delays-{role}"), tree(folder)
        assert ours.keys() == theirs.keys()
        assert [path for path in ours if ours[path] != theirs[path]] == []
        assert ours[".copier-answers.yml"]


def test_the_order_of_the_options_does_not_matter(workshop: Workshop, family: Path) -> None:
    folder = workshop.folder / "training"
    workshop.copier(
        "copy", "--quiet", "--defaults", "--vcs-ref", "HEAD", "-d", "role=training",
        "--data-file", EXAMPLE, workshop.template, folder,
    )  # fmt: skip
    assert tree(folder) == tree(family / "flight-delays-training")


@pytest.mark.parametrize("role", ROLES)
def test_answers_that_a_role_does_not_record_are_not_read(
    workshop: Workshop, other_spec: Path, role: str
) -> None:
    """Else an update, which only knows the recorded ones, would go back to the defaults."""
    spec = load(other_spec)
    with Source(Template(str(workshop.template), "HEAD")) as source:
        honest = render(source, role, spec, workshop.folder / "honest")
        hidden = spec.keys() - honest.values.keys()
        assert role == "product" or hidden
        swapped = {key: UNREAD if key in hidden else value for key, value in spec.items()}
        render(source, role, swapped, workshop.folder / "swapped")
    assert tree(workshop.folder / "swapped") == tree(workshop.folder / "honest")


def test_the_product_repository_holds_the_spec(workshop: Workshop, family: Path) -> None:
    rendered = load(family / HOME / "product.yaml")
    assert rendered == load(EXAMPLE)
    assert list(rendered["features"]) == list(load(EXAMPLE)["features"])


@pytest.mark.parametrize("role", ROLES)
def test_a_repository_begins_with_one_commit_of_everything(
    workshop: Workshop, family: Path, role: str
) -> None:
    folder = family / f"flight-delays-{role}"
    assert workshop.git(folder, "rev-list", "--count", "HEAD") == "1"
    assert workshop.git(folder, "branch", "--show-current") == "main"
    assert workshop.git(folder, "status", "--porcelain", "--ignored") == ""
    assert set(workshop.git(folder, "ls-files").splitlines()) >= tree(folder).keys()
