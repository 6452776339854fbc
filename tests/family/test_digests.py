"""`make digests` asks the hosts, changes one file, and what is rendered follows."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from played import Actions, Images, registry

from ninefold.digests import PLACE, read

from workshop import CHECKOUT, EXAMPLE, Workshop

CHECKOUT_ACTION = "actions/checkout"
PYTHON = "docker.io/library/python"
BASE = f"library/python:{read(CHECKOUT / PLACE)['images'][PYTHON]['tag']}"


@pytest.fixture
def images() -> Iterator[Images]:
    """A registry that has every image that we name."""
    with registry() as played:
        for number, (name, one) in enumerate(read(CHECKOUT / PLACE)["images"].items()):
            played.digests[f"{name.partition('/')[2]}:{one['tag']}"] = f"sha256:{number:064x}"
        yield played


@pytest.fixture
def actions(tmp_path: Path) -> Actions:
    """Repositories of every action that we name, at the version that we have of it."""
    played = Actions(tmp_path / "hosted")
    for name, one in read(CHECKOUT / PLACE)["actions"].items():
        played.add(name, "v1.0.0", one["version"], "v99.0.0")
    for name, one in read(CHECKOUT / PLACE)["sources"].items():
        played.add(name, one["tag"], "v99.0.0")
    return played


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As much of a checkout as the command reads."""
    (tmp_path / "checkout" / PLACE.parent).mkdir(parents=True)
    shutil.copy(CHECKOUT / PLACE, tmp_path / "checkout" / PLACE)
    return tmp_path / "checkout"


def asked(folder: Path, actions: Actions, *options: str) -> subprocess.CompletedProcess[str]:
    home = Workshop(folder.parent, CHECKOUT)
    return subprocess.run(
        [sys.executable, "-m", "ninefold.digests", *options],
        cwd=folder,
        env=home.environment(**actions.settings()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def renewed(folder: Path, actions: Actions, images: Images) -> str:
    """What it says where all hosts answer."""
    done = asked(folder, actions, *images.mirrors)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_newest_version_within_the_chosen_one_is_taken(
    folder: Path, actions: Actions, images: Images
) -> None:
    was = read(folder / PLACE)["actions"][CHECKOUT_ACTION]
    for version in (f"{was['within']}.9.0", f"{was['within']}.9.9-beta", f"{was['within']}0.1.0"):
        actions.tag(CHECKOUT_ACTION, version)
    newest = actions.tag(CHECKOUT_ACTION, f"{was['within']}.10.0")
    said = renewed(folder, actions, images)
    assert f"{CHECKOUT_ACTION} {was['version']} -> {was['within']}.10.0, {newest}" in said
    assert read(folder / PLACE)["actions"][CHECKOUT_ACTION] == {
        **was,
        "version": f"{was['within']}.10.0",
        "commit": newest,
    }


def test_a_tag_that_was_moved_is_found_and_told(
    folder: Path, actions: Actions, images: Images
) -> None:
    renewed(folder, actions, images)
    before = (folder / PLACE).read_text("utf-8")
    assert f"{PLACE}: 0 changed" in renewed(folder, actions, images)
    assert (folder / PLACE).read_text("utf-8") == before

    version = read(folder / PLACE)["actions"][CHECKOUT_ACTION]["version"]
    moved = actions.tag(CHECKOUT_ACTION, version, force=True)
    (source, chosen), *_ = read(folder / PLACE)["sources"].items()
    another = actions.tag(source, chosen["tag"], force=True)
    images.digests[BASE] = "sha256:" + "e" * 64
    said = renewed(folder, actions, images)
    assert f"{CHECKOUT_ACTION} {version} WAS MOVED" in said
    assert f"{BASE} is sha256:eeee" in said
    assert f"{source} {chosen['tag']} WAS MOVED from {chosen['commit']}" in said
    assert f"{PLACE}: 3 changed" in said
    now = read(folder / PLACE)
    assert now["sources"][source] == {**chosen, "commit": another}
    assert now["actions"][CHECKOUT_ACTION]["commit"] == moved
    assert now["images"][PYTHON]["digest"] == "sha256:" + "e" * 64
    assert (folder / PLACE).read_text("utf-8").startswith("# Actions, images and sources")


def test_what_is_rendered_follows(clone: Workshop, actions: Actions, images: Images) -> None:
    renewed(clone.template, actions, images)
    changed = clone.git(clone.template, "status", "--porcelain").split()
    assert changed == ["M", str(PLACE)]
    clone.commit(clone.template, "Renew the digests")
    pinned = read(clone.template / PLACE)
    target = clone.folder / "serving"
    clone.copier(
        "copy", "--quiet", "--vcs-ref=HEAD", "--data-file", EXAMPLE, "-d", "role=serving",
        clone.template, target,
    )  # fmt: skip
    workflow = (target / ".github" / "workflows" / "ci.yaml").read_text("utf-8")
    for name, one in pinned["actions"].items():
        assert f"uses: {name}@{one['commit']} # {one['version']}\n" in workflow
    one = pinned["images"][PYTHON]
    base = f"ARG BASE={PYTHON}:{one['tag']}@{one['digest']}\n"
    assert base in (target / "Containerfile").read_text("utf-8")


def refused(folder: Path, actions: Actions, *options: str) -> str:
    """The one line that it says where something is wrong; nothing was changed."""
    done = asked(folder, actions, *options)
    assert done.returncode == 2, done.stdout
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    assert line.endswith("; nothing was changed")
    assert (folder / PLACE).read_bytes() == (CHECKOUT / PLACE).read_bytes()
    return line


def test_without_a_host_nothing_changes(folder: Path, actions: Actions, images: Images) -> None:
    images.digests[BASE] = "sha256:" + "e" * 64
    shutil.rmtree(actions.folder / CHECKOUT_ACTION)
    assert f"https://github.com/{CHECKOUT_ACTION} does not answer" in refused(
        folder, actions, *images.mirrors
    )


def test_without_git_it_says_so(
    folder: Path, actions: Actions, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert "git is not installed" in refused(folder, actions, *images.mirrors)


def test_without_a_registry_nothing_changes(folder: Path, actions: Actions, images: Images) -> None:
    actions.tag(CHECKOUT_ACTION, f"{read(folder / PLACE)['actions'][CHECKOUT_ACTION]['within']}.99")
    with registry() as gone:
        nowhere = gone.mirrors
    assert "does not answer for docker.io/" in refused(folder, actions, *nowhere)
    del images.digests[BASE]
    said = refused(folder, actions, *images.mirrors)
    assert "/library/python/manifests/" in said
    assert "answers 404" in said
    images.digests[BASE] = "latest"
    assert "without a digest" in refused(folder, actions, *images.mirrors)


def test_a_version_that_is_not_there_is_said(
    folder: Path, actions: Actions, images: Images
) -> None:
    shutil.rmtree(actions.folder / CHECKOUT_ACTION)
    actions.add(CHECKOUT_ACTION, "v1.0.0")
    assert f"{CHECKOUT_ACTION} has no version v" in refused(folder, actions, *images.mirrors)


def test_a_tag_that_is_not_there_is_said(folder: Path, actions: Actions, images: Images) -> None:
    (source, one), *_ = read(CHECKOUT / PLACE)["sources"].items()
    shutil.rmtree(actions.folder / source)
    actions.add(source, "v1.0.0")
    assert f"{source} has no tag {one['tag']}" in refused(folder, actions, *images.mirrors)


@pytest.mark.parametrize("mirror", ["docker.io", "docker.io=ftp://mirror", "=https://mirror"])
def test_a_mirror_is_named_in_one_form(folder: Path, actions: Actions, mirror: str) -> None:
    assert "write HOST=https://MIRROR" in refused(folder, actions, f"--mirror={mirror}")


def test_it_is_run_at_the_top_of_a_checkout(tmp_path: Path, actions: Actions) -> None:
    done = asked(tmp_path, actions)
    assert done.returncode == 2
    assert f"no {PLACE} here" in done.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("within:", "in:"), ("images:", "image:"), ("sources:", "source:")),
        ("    tag: ", "    tag: 7 #"),
    ],
)
def test_a_file_of_another_form_is_refused(
    folder: Path, actions: Actions, old: str, new: str
) -> None:
    text = (folder / PLACE).read_text("utf-8")
    assert old in text
    (folder / PLACE).write_text(text.replace(old, new, 1), "utf-8")
    done = asked(folder, actions)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert (folder / PLACE).read_text("utf-8") == text.replace(old, new, 1)
