"""A release is one commit to the platform's tree, by real Git: what was there stays."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from flight_delays_product import release, remote
from flight_delays_product.faults import Fault
from flight_delays_product.images import Image, images, replaced
from flight_delays_product.release import ACCOUNT, NAME, TOKEN, TREE, URL, USER

PLACE = f"registry.example.org/team/{NAME}"
ONE, TWO = (f"sha256:{digit * 64}" for digit in "12")
AUTHOR = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
TEXT = f"""\
# What is released.
resources:
  - serving.yaml # the service
images:
  # The first of them.
  - name: other-image
    newName: other-image
    newTag: 0.1.0
  - name: {NAME}
    newName: {NAME}
    newTag: "0.1.0" # not released yet
labels:
  - pairs:
      environment: here
"""


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The platform's repository, and one of ours."""
    folder = tmp_path_factory.mktemp("made")
    first = folder / "first"
    git(folder, "init", "--quiet", "--initial-branch=main", "first")
    (first / TREE).parent.mkdir(parents=True)
    (first / TREE).write_text(TEXT, "utf-8")
    git(first, "add", "--all")
    git(first, *AUTHOR, "commit", "--quiet", "--message=First")
    git(folder, "clone", "--quiet", "--bare", "first", "platform.git")
    git(folder, "init", "--quiet", "own")
    git(folder / "own", *AUTHOR, "commit", "--quiet", "--allow-empty", "--message=Ours")
    return folder


@pytest.fixture(autouse=True)
def platform(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The platform's repository; we stand in one of ours, whose image is published."""
    for name in list(os.environ):
        if name.startswith("GIT_") or name in (USER, TOKEN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "own")
    bare = tmp_path / "platform.git"
    monkeypatch.setenv(URL, bare.as_uri())
    publish(ONE)
    return bare


def publish(digest: str) -> None:
    """Leave what `make publish` leaves."""
    content = git(Path.cwd(), "rev-parse", "HEAD^{tree}")
    Path("build").mkdir(exist_ok=True)
    Path("build/published").write_text(f"{PLACE}:{content}@{digest}\n", "utf-8")


def now(platform: Path) -> str:
    return git(platform, "show", f"main:{TREE}") + "\n"


def commits(platform: Path) -> int:
    return int(git(platform, "rev-list", "--count", "main"))


def test_only_the_image_is_changed(platform: Path) -> None:
    assert release.main() == 0
    changed = f"    newName: {PLACE}\n    digest: {ONE} # not released yet\n"
    assert now(platform) == TEXT.replace(
        f'    newName: {NAME}\n    newTag: "0.1.0" # not released yet\n', changed
    )
    assert git(platform, "log", "-1", "--format=%s", "main").startswith(f"Release {NAME} to ")
    assert git(Path.cwd(), "rev-parse", "HEAD") in git(platform, "log", "-1", "main")


def test_the_same_image_is_no_commit(platform: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main() == 0
    assert release.main() == 0
    assert f"has {PLACE}@{ONE} already" in capsys.readouterr().out
    assert commits(platform) == 2
    publish(TWO)
    assert release.main() == 0
    assert images(now(platform), TREE) == {NAME: Image(PLACE, TWO)}


def test_who_comes_second_adds_to_what_is_there(
    platform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another repository's release arrives between our look and our push."""
    other = platform.parent / "first"
    real, pushes = remote.Git.run, []

    def run(self: remote.Git, *words: str) -> "subprocess.CompletedProcess[str]":
        if words[0] == "push":
            pushes.append(words)
            if len(pushes) == 1:
                text = replaced(TEXT, "other-image", Image("theirs", TWO), TREE)
                (other / TREE).write_text(text, "utf-8")
                git(other, *AUTHOR, "commit", "--quiet", "--all", "--message=Theirs")
                git(other, "push", "--quiet", "../platform.git", "HEAD:main")
        return real(self, *words)

    monkeypatch.setattr(remote.Git, "run", run)
    assert release.main() == 0
    assert len(pushes) == 2
    assert images(now(platform), TREE) == {
        "other-image": Image("theirs", TWO),
        NAME: Image(PLACE, ONE),
    }


def test_a_push_that_is_refused_is_said_in_one_line(
    platform: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = platform / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'not for you' >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    assert release.main() == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("error: git push: remote: not for you; ")
    assert now(platform) == TEXT


def test_what_is_missing_is_said_with_its_remedy(
    platform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(words: str) -> None:
        with pytest.raises(Fault, match=words):
            release.release(os.environ)

    monkeypatch.setenv(URL, (platform.parent / "gone.git").as_uri())
    fault(f"git clone: .*is {URL} right")
    # pragma: allowlist nextline secret
    monkeypatch.setenv(URL, "https://robot:s3cret@git.example.org/platform.git")
    with pytest.raises(Fault, match=f"set {TOKEN} instead") as held:
        release.release(os.environ)
    assert "s3cret" not in str(held.value)
    monkeypatch.delenv(URL)
    fault(f"Set {URL} to the URL")
    git(Path.cwd(), *AUTHOR, "commit", "--quiet", "--allow-empty", "--message=More")
    fault(f"Set {URL} to the URL")  # the same content is the same image
    Path("changed").touch()
    git(Path.cwd(), "add", "changed")
    git(Path.cwd(), *AUTHOR, "commit", "--quiet", "--message=Other content")
    fault("of another commit")
    Path("build/published").unlink()
    fault("`make publish` first")


def test_git_is_told_the_token_for_that_host_only() -> None:
    given = {**os.environ, TOKEN: "s3cret", USER: "robot"}
    said = remote.access(given, "https://git.example.org/team/platform.git", ACCOUNT)
    assert "s3cret" not in str(said)
    for host, known in (("git.example.org", True), ("git.example.com", False)):
        done = subprocess.run(
            ["git", "credential", "fill"],
            input=f"protocol=https\nhost={host}\n\n",
            env={**given, **said},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ("username=robot\npassword=s3cret\n" in done.stdout) == known


def test_a_list_of_another_form_is_refused() -> None:
    for text in ("images: []\n", TEXT.replace(f"name: {NAME}", "name: another")):
        with pytest.raises(Fault, match="not 0 times"):
            replaced(text, NAME, Image(PLACE, ONE), TREE)
    with pytest.raises(Fault, match=f"{TREE}:2 cannot be changed here"):
        replaced("images:\n- {name: x, newTag: y}\n", "x", Image(PLACE, ONE), TREE)
    with pytest.raises(Fault, match="is no digest"):
        replaced(TEXT, NAME, Image(PLACE, "latest"), TREE)


def test_the_keys_may_stand_in_any_order() -> None:
    text = f"images:\n- newTag: a\n  digest: {ONE}\n  name: x\n- name: y"
    expected = f"images:\n- digest: {TWO}\n  name: x\n  newName: {PLACE}\n- name: y\n"
    assert replaced(text, "x", Image(PLACE, TWO), TREE) == expected
    assert replaced(text, "y", Image(PLACE, TWO), TREE) == (
        f"{text}\n  digest: {TWO}\n  newName: {PLACE}\n"
    )
