"""A family is there as a whole or not at all, whatever happens on the way."""

import argparse
import errno
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from ninefold.commands import new
from ninefold.errors import NinefoldError
from ninefold.render import Answers
from ninefold.repository import digest

from workshop import EXAMPLE, ROLES, Workshop, beside, load, save, tree

NAMES = sorted(f"flight-delays-{role}" for role in ROLES)
# Two roles are enough where a run is cut short.
SOME = ("product", "training")


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """An error of the user: one line with a remedy, status 2, nothing else."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1, done.stderr
    assert "; " in lines[0]
    return lines[0]


def test_the_family_is_complete_and_says_what_to_do_next(family: Path) -> None:
    assert beside(family / "any") == NAMES
    assert beside(family) == ["flights", "home", "printed.txt"]
    printed = (family.parent / "printed.txt").read_text()
    for name in NAMES:
        assert f"{name}: " in printed
    assert printed.splitlines()[-1] == f"next: make -C {family / 'flight-delays-product'} run"


def test_the_lock_says_what_was_rendered(small: Workshop, small_family: Path) -> None:
    lock = load(small_family / "flight-delays-product/ninefold.lock")
    head = small.git(small.template, "rev-parse", "HEAD")
    assert list(lock["repositories"]) == list(ROLES)
    digests = set()
    for role, entry in lock["repositories"].items():
        assert entry["path"] == f"flight-delays-{role}"
        assert entry["template"] == str(small.template)
        assert head.startswith(entry["commit"])
        digests.add(entry["sha256"])
    assert len(digests) == len(ROLES)
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


def test_the_digest_sees_contents_names_and_modes(tmp_path: Path) -> None:
    def variant(name: str, content: str, mode: int) -> str:
        folder = tmp_path / f"{name}-{content}-{mode}"
        folder.mkdir()
        (folder / name).write_text(content)
        (folder / name).chmod(mode)
        (folder / "ninefold.lock").write_text(folder.name)
        return digest(folder)

    seen = {variant("a", "1", 0o644), variant("b", "1", 0o644), variant("a", "2", 0o644)}
    assert len(seen | {variant("a", "1", 0o755)}) == 4
    assert variant("a", "1", 0o600) in seen


def test_an_empty_folder_is_accepted_and_a_full_one_refused(small: Workshop) -> None:
    into = small.folder / "flights"
    into.mkdir()
    small.new("--into", into, "--only", "platform")
    before = tree(into)
    assert "is not empty" in refused(small.ninefold("new", EXAMPLE, "--into", into))
    assert tree(into) == before
    file = small.folder / "file"
    file.write_text("mine")
    assert "is a file" in refused(small.ninefold("new", EXAMPLE, "--into", file))
    assert "is a file" in refused(small.ninefold("new", EXAMPLE, "--into", file / "below"))
    assert file.read_text() == "mine"
    assert beside(into) == ["file", "flights", "home"]


def test_missing_parents_are_made_and_taken_back_on_failure(small: Workshop) -> None:
    into = small.folder / "a" / "b" / "flights"
    nothing = small.folder / "no-template"
    done = small.ninefold("new", EXAMPLE, "--into", into, "--template", nothing)
    assert "there is no such template" in refused(done)
    assert beside(small.folder / "any") == ["home"]
    small.new("--into", into, "--only", "platform")
    assert beside(into) == ["flights"]


def test_a_family_inside_a_work_tree(small: Workshop) -> None:
    outer = small.folder / "outer"
    outer.mkdir()
    small.git(outer, "init", "--quiet")
    into = outer / "flights"
    # As a hook of the outer repository would call it.
    small.new("--into", into, "--only", "platform", GIT_DIR=str(outer / ".git"))
    assert small.git(into / "flight-delays-platform", "rev-list", "--count", "HEAD") == "1"
    assert small.git(outer, "rev-list", "--all", "--count") == "0"


def test_a_persons_git_settings_do_not_get_in_the_way(small: Workshop) -> None:
    hooks = small.home / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    (small.home / "ignore").write_text("*\n")
    (small.home / ".gitconfig").write_text(
        "[user]\n name = Ada\n email = ada@example.com\n[commit]\n gpgSign = true\n"
        f"[core]\n hooksPath = {hooks}\n excludesFile = {small.home}/ignore\n"
        " autocrlf = true\n safecrlf = true\n[init]\n defaultBranch = trunk\n"
    )
    into = small.folder / "flights"
    small.new("--into", into, "--only", "platform")
    folder = into / "flight-delays-platform"
    assert small.git(folder, "branch", "--show-current") == "main"
    assert small.git(folder, "log", "--format=%an %ae") == "Ada ada@example.com"
    assert set(small.git(folder, "ls-files").splitlines()) == tree(folder).keys()


def test_without_a_git_identity_the_author_is_neutral(small: Workshop) -> None:
    into = small.folder / "flights"
    small.new("--into", into, "--only", "platform")
    folder = into / "flight-delays-platform"
    assert small.git(folder, "log", "--format=%an %ae") == "Ninefold ninefold@localhost"
    assert "ninefold@localhost" not in (folder / ".git/config").read_text()


# --- roles step by step


def test_roles_can_be_added_and_what_is_there_is_left_alone(
    small: Workshop, small_family: Path
) -> None:
    into = small.folder / "flights"
    small.new("--into", into, "--only", "training")
    assert beside(into / "any") == ["flight-delays-training", "ninefold.lock"]
    training = into / "flight-delays-training"
    (training / "mine.txt").write_text("my work")
    before = tree(training)

    again = small.ninefold("new", EXAMPLE, "--into", into, "--only", "training")
    assert "is there already" in refused(again)
    small.new("--into", into, "--only", "product", "serving")
    assert tree(training) == before
    for role in ("product", "serving"):
        assert tree(into / f"flight-delays-{role}") == tree(small_family / f"flight-delays-{role}")
    assert not (into / "ninefold.lock").exists()
    lock = into / "flight-delays-product/ninefold.lock"
    assert load(lock)["repositories"].keys() == {"training", "product", "serving"}
    assert small.git(into / "flight-delays-product", "status", "--porcelain") == ""

    small.new("--into", into, "--only", "platform")
    assert "platform" in load(lock)["repositories"]


def test_added_roles_come_from_the_familys_template_commit(small_clone: Workshop) -> None:
    into = small_clone.folder / "flights"
    small_clone.new("--into", into, "--only", "training")
    (small_clone.template / "templates/platform/later.txt").write_text("later\n")
    small_clone.commit(small_clone.template)
    small_clone.new("--into", into, "--only", "platform")
    assert not (into / "flight-delays-platform/later.txt").exists()


def test_a_role_of_another_spec_is_not_added(small: Workshop) -> None:
    into = small.folder / "flights"
    small.new("--into", into, "--only", "training")
    spec = load(EXAMPLE)
    spec["model"]["seed"] = 5
    changed = save(spec, small.folder / "changed.yaml")
    done = small.ninefold("new", changed, "--into", into, "--only", "serving")
    assert "`model.seed`" in refused(done)
    assert beside(into / "any") == ["flight-delays-training", "ninefold.lock"]


# --- templates that are none


def test_no_template_there(small: Workshop) -> None:
    into = small.folder / "flights"
    empty = small.folder / "empty"
    empty.mkdir()
    foreign = small.folder / "foreign"
    foreign.mkdir()
    small.git(foreign, "init", "--quiet")
    (foreign / "file.txt").write_text("no template")
    small.commit(foreign)
    missing = f"file://{small.folder}/missing.git"
    for template in (empty, foreign, missing, small.folder / "nowhere"):
        done = small.ninefold("new", EXAMPLE, "--into", into, "--template", template)
        assert str(template) in refused(done)
    done = small.ninefold("new", EXAMPLE, "--into", into, "--ref", "v99")
    assert "v99" in refused(done)
    assert beside(into) == ["empty", "foreign", "home"]


def test_a_fault_in_the_template_is_located(small_clone: Workshop) -> None:
    faulty = small_clone.template / "templates/training/faulty.txt.jinja"
    faulty.write_text("first\n{@ nobody_knows @}\n")
    into = small_clone.folder / "flights"
    message = refused(small_clone.ninefold("new", EXAMPLE, "--only", "training", "--into", into))
    assert "templates/training/faulty.txt.jinja:2" in message
    assert "nobody_knows" in message
    assert beside(into) == ["home", "template"]


def test_a_url_gives_the_latest_tag_or_the_one_asked_for(small_clone: Workshop) -> None:
    (small_clone.template / "templates/platform/one.txt").write_text("1\n")
    small_clone.commit(small_clone.template)
    small_clone.git(small_clone.template, "tag", "v1.0.0")
    (small_clone.template / "templates/platform/two.txt").write_text("2\n")
    small_clone.commit(small_clone.template)
    small_clone.git(small_clone.template, "tag", "v1.1.0")
    (small_clone.template / "templates/platform/three.txt").write_text("3\n")
    small_clone.commit(small_clone.template)
    url = f"file://{small_clone.template}/.git"
    options = ("--only", "platform", "training")
    small_clone.new("--into", small_clone.folder / "latest", *options, NINEFOLD_TEMPLATE=url)
    small_clone.new(
        "--into", small_clone.folder / "first", *options, "--template", url, "--ref", "v1.0.0"
    )
    latest = small_clone.folder / "latest/flight-delays-platform"
    first = small_clone.folder / "first/flight-delays-platform"
    assert (latest / "two.txt").exists() and not (latest / "three.txt").exists()
    assert (first / "one.txt").exists() and not (first / "two.txt").exists()
    lock = load(small_clone.folder / "latest/ninefold.lock")["repositories"]
    assert {entry["commit"] for entry in lock.values()} == {"v1.1.0"}
    assert {entry["template"] for entry in lock.values()} == {url}


# --- killed, interrupted, twice at once


def hidden(into: Path) -> Path:
    return into.parent / f".{into.name}.ninefold"


def repositories(into: Path, inside: str = "") -> int:
    return sum(1 for path in (hidden(into) / "new").glob("*") if (path / inside).exists())


MOMENTS: list[Callable[[Path], bool]] = [
    lambda into: hidden(into).exists(),
    lambda into: repositories(into) >= 1,
    lambda into: repositories(into, ".git") >= len(SOME),
]


def started(small: Workshop, into: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        small.command("new", EXAMPLE, "--only", *SOME, "--into", into),
        cwd=small.folder,
        env=small.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(process: subprocess.Popen[str], moment: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not moment():
        assert process.poll() is None, "it ended before the moment came"
        assert time.monotonic() < limit
        time.sleep(0.002)


@contextmanager
def held(process: subprocess.Popen[str]) -> Iterator[None]:
    """Nothing moves on in there meanwhile, however slow the machine is here."""
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)


def test_killed_at_any_moment_nothing_shows_and_the_next_run_succeeds(small: Workshop) -> None:
    into = small.folder / "flights"
    for moment in MOMENTS:
        process = started(small, into)
        # What an earlier kill left must be gone before this one's moment can be told.
        until(process, partial(fresh, into, process.pid))
        until(process, partial(moment, into))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert not into.exists()
        assert hidden(into).exists()
    small.new("--into", into, "--only", *SOME)
    assert beside(into / "any") == [f"flight-delays-{role}" for role in SOME]
    assert beside(into) == ["flights", "home"]
    for entry in load(into / "flight-delays-product/ninefold.lock")["repositories"].values():
        assert digest(into / entry["path"]) == entry["sha256"]


def fresh(into: Path, pid: int) -> bool:
    try:
        return (hidden(into) / "lock").read_text() == str(pid) and repositories(into) == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("whole_group", [False, True])
def test_interrupted_nothing_stays(small: Workshop, whole_group: bool) -> None:
    into = small.folder / "flights"
    process = started(small, into)
    until(process, lambda: repositories(into) >= 1)
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert beside(into) == ["home"]


def test_of_two_at_once_one_wins(small: Workshop) -> None:
    into = small.folder / "flights"
    first = started(small, into)
    until(first, lambda: repositories(into) >= 1)
    with held(first):
        said = refused(small.ninefold("new", EXAMPLE, "--into", into))
        assert "another `ninefold` is writing it" in said
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert beside(into / "any") == [f"flight-delays-{role}" for role in SOME]
    assert beside(into) == ["flights", "home"]


def test_what_appears_meanwhile_is_not_overwritten(small: Workshop) -> None:
    into = small.folder / "flights"
    process = started(small, into)
    until(process, lambda: repositories(into) >= 1)
    with held(process):
        into.mkdir()
        (into / "mine.txt").write_text("mine")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "meanwhile" in said
    assert beside(into / "any") == ["mine.txt"]
    assert beside(into) == ["flights", "home"]


# --- disks


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("optional: needs the right to mount; injected failures are tested everywhere")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("kilobytes", [16, 256, 1200])
def test_a_full_disk(small: Workshop, kilobytes: int) -> None:
    disk = small.folder / "disk"
    with mounted(disk, f"size={kilobytes}k"):
        message = refused(small.ninefold("new", EXAMPLE, "--into", disk / "flights"))
        assert "no space is left" in message
        assert list(disk.iterdir()) == []


def test_a_read_only_disk_and_a_mount_point(small: Workshop) -> None:
    disk = small.folder / "disk"
    with mounted(disk, "size=4000k,ro"):
        message = refused(small.ninefold("new", EXAMPLE, "--into", disk / "flights"))
        assert "read-only" in message
        message = refused(small.ninefold("new", EXAMPLE, "--only", "platform", "--into", disk))
        assert "mounted there" in message
    assert beside(disk) == ["disk", "home"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "may not be written"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "Input/output error"),
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "ninefold.staging.Path.mkdir",
        "ninefold.repository.digest",
        "ninefold.lock.write",
        "ninefold.repository.commit_first",
        "ninefold.staging.Path.rename",
    ],
)
def test_a_disk_that_fails(
    small: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    number: int,
    said: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    def touch(template: object, role: str, spec: object, folder: Path) -> Answers:
        folder.mkdir()
        (folder / "file.txt").write_text("rendered")
        return Answers(role, "abc", "template", {})

    for name in ("LC_ALL", "GIT_TERMINAL_PROMPT", "GIT_TEMPLATE_DIR"):
        monkeypatch.setenv(name, "")  # So that they are restored.
    monkeypatch.setattr("ninefold.generation.render", touch)
    monkeypatch.setattr(place, fail)
    into = small.folder / "flights"
    arguments = ["new", str(EXAMPLE), "--into", str(into), "--template", str(small.template)]
    with pytest.raises(NinefoldError, match=f"(?s){into}: .*{said}.*; "):
        command(arguments)
    monkeypatch.undo()
    assert beside(into) == ["home"]


def command(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    new.add_arguments(parser)
    return new.run(parser.parse_args(arguments[1:]))
