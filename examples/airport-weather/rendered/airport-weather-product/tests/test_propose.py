"""The spec reaches every repository as one request, which later ones bring up to date."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from airport_weather_product import host, propose
from airport_weather_product.hosting import TOKEN, Place
from airport_weather_product.propose import BRANCH, LOCK, PROJECT, REPOSITORIES, sibling

SECRET = "s3cret"  # pragma: allowlist secret
AUTHOR = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
FIRST, SECOND = REPOSITORIES[:2]
# Stands for the tool: of the first repository it changes a file, of the second the project as well,
# the third cannot be merged; all others follow already.
TOOL = """#!/bin/sh
set -e
test -z "${TOKEN}"
cd "$2"
for name in FIRST SECOND; do
  git -C $name switch --quiet --create "$4"
  cp "$(dirname "$0")/wanted" $name/followed
  test $name = FIRST || echo "# changed" >>$name/pyproject.toml
  git -C $name add --all
  git -C $name commit --quiet --message "TITLE" --message "model.seed"
  git -C $name switch --quiet main
  echo "$name: 1 file on the branch $4"
done
echo "THIRD: cannot be merged in README.md; merge by hand: see there"
exit 1
"""
LOCKS = "uv.lock: pyproject.toml\n\tcp pyproject.toml uv.lock\n"


class Host:
    """Takes notes, and knows no open request."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Note the request."""
        self.asked.append(request)
        page = {"href": "https://git.example.org/1"}
        made = {"html_url": page["href"], "web_url": page["href"], "links": {"html": page}}
        return httpx.Response(200, json={} if request.method == "GET" else made)

    def opened(self) -> list[str]:
        """What was asked for beyond questions, as text."""
        return [
            str(one.url) + json.dumps(json.loads(one.content))
            for one in self.asked
            if one.method != "GET"
        ]


def git(folder: Path, *words: str) -> str:
    """What Git answers."""
    done = subprocess.run(
        ["git", *AUTHOR, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Host]]:
    """Bare repositories side by side, and this one's copy with its remote among them."""
    for name in REPOSITORIES:
        folder = tmp_path / "work" / name
        folder.mkdir(parents=True)
        (folder / "Makefile").write_text(LOCKS, "utf-8")
        for file in (PROJECT, LOCK):
            (folder / file).write_text("# project\n", "utf-8")
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=First")
        git(tmp_path, "clone", "--quiet", "--bare", str(folder), f"team/{name}.git")
    git(tmp_path, "clone", "--quiet", f"team/{FIRST}.git", "here")
    (tmp_path / "wanted").write_text("one", "utf-8")
    words = {"TOKEN": TOKEN, "FIRST": FIRST, "SECOND": SECOND, "TITLE": propose.TITLE}
    text = TOOL.replace("THIRD", REPOSITORIES[2])
    for word, value in words.items():
        text = text.replace(word, value)
    (tmp_path / "tool").write_text(text, "utf-8")
    (tmp_path / "tool").chmod(0o755)
    noted = Host()
    opened = host.client

    def client(where: Place, token: str) -> httpx.Client:
        real = opened(where, token)
        transport = httpx.MockTransport(noted)
        return httpx.Client(base_url=real.base_url, headers=real.headers, transport=transport)

    monkeypatch.setattr(host, "client", client)
    monkeypatch.setattr(propose, "place", lambda: Place("https://git.example.org", "team"))
    monkeypatch.setenv("NINEFOLD", str(tmp_path / "tool"))
    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.chdir(tmp_path / "here")
    yield tmp_path / "team", noted


def test_each_repository_that_lags_behind_gets_one_request(
    family: tuple[Path, Host], capsys: pytest.CaptureFixture[str]
) -> None:
    team, noted = family
    assert propose.main() == 1  # one of them needs a person
    shown = capsys.readouterr()
    assert f"{REPOSITORIES[2]}: cannot be merged in README.md" in shown.err
    opened = noted.opened()
    assert len(opened) == 2
    for name, said in zip((FIRST, SECOND), opened, strict=True):
        assert name in said and BRANCH in said and "model.seed" in said
        assert git(team / f"{name}.git", "show", f"{BRANCH}:followed") == "one"
        assert f"{name}: https://git.example.org/1" in shown.out
    assert SECRET not in shown.out + shown.err + "".join(opened)
    for name in REPOSITORIES[2:]:
        assert BRANCH not in git(team / f"{name}.git", "branch", "--list")


def test_a_changed_project_is_locked_again(family: tuple[Path, Host]) -> None:
    team, _ = family
    propose.main()
    lock = git(team / f"{SECOND}.git", "show", f"{BRANCH}:{LOCK}")
    assert lock == git(team / f"{SECOND}.git", "show", f"{BRANCH}:{PROJECT}")
    assert "# changed" in lock
    assert git(team / f"{FIRST}.git", "rev-list", "--count", f"main..{BRANCH}") == "1"


def test_a_later_spec_brings_the_branch_up_to_date(family: tuple[Path, Host]) -> None:
    team, _ = family
    propose.main()
    first = git(team / f"{FIRST}.git", "rev-parse", BRANCH)
    propose.main()
    assert git(team / f"{FIRST}.git", "rev-parse", BRANCH) == first, "nothing new was pushed"
    (team.parent / "wanted").write_text("two", "utf-8")
    propose.main()
    assert git(team / f"{FIRST}.git", "show", f"{BRANCH}:followed") == "two"
    assert git(team / f"{FIRST}.git", "rev-list", "--count", f"main..{BRANCH}") == "1"


def test_what_others_added_is_not_overwritten(
    family: tuple[Path, Host], capsys: pytest.CaptureFixture[str]
) -> None:
    team, noted = family
    propose.main()
    git(team.parent, "clone", "--quiet", "--branch", BRANCH, f"team/{FIRST}.git", "theirs")
    git(team.parent / "theirs", "commit", "--quiet", "--allow-empty", "--message=Theirs")
    git(team.parent / "theirs", "push", "--quiet", "origin", BRANCH)
    theirs = git(team / f"{FIRST}.git", "rev-parse", BRANCH)
    noted.asked.clear()
    (team.parent / "wanted").write_text("two", "utf-8")
    capsys.readouterr()
    assert propose.main() == 1
    assert f"{FIRST}: others have commits on {BRANCH}" in capsys.readouterr().err
    assert git(team / f"{FIRST}.git", "rev-parse", BRANCH) == theirs
    assert [SECOND in one for one in noted.opened()] == [True], "the others go on"


def test_without_a_token_nothing_is_done(
    family: tuple[Path, Host],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(TOKEN)
    assert propose.main() == 0
    assert f"not proposed: {TOKEN} is not set" in capsys.readouterr().out
    monkeypatch.setenv(TOKEN, f"$({TOKEN})")  # as a service of pipelines may pass what is not set
    assert propose.main() == 0
    assert not family[1].asked


def test_a_tool_that_fails_is_told_in_its_own_words(
    family: tuple[Path, Host], capsys: pytest.CaptureFixture[str]
) -> None:
    tool = Path(os.environ["NINEFOLD"])
    tool.write_text("#!/bin/sh\necho 'product.yaml:3: is wrong; mend it' >&2\nexit 2\n", "utf-8")
    assert propose.main() == 1
    assert capsys.readouterr().err == "error: product.yaml:3: is wrong; mend it\n"
    tool.unlink()
    assert propose.main() == 1
    assert "cannot be run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://git.example.org/team/here.git", "https://git.example.org/team/other.git"),
        ("git@git.example.org:team/here", "git@git.example.org:team/other"),
    ],
)
def test_the_others_lie_beside_this_one(url: str, expected: str) -> None:
    assert sibling(url, "other") == expected
