"""The page of a job is one comment of its pull request, at each host and from each dialect."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from reviews import Review, played
from test_hosts import HOSTS

from dialects import CHANGE, DIALECTS, repository
from rendering import Family, call, repository_with, set_up, surroundings

TOKEN, SECRET = "FLIGHT_DELAYS_COMMENT_TOKEN", "a-token-that-nobody-sees-5d2"
NAME = "flight-delays-product"
PAGE = "build/changes.md"
Comment = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def comment(family: Family, tmp_path: Path) -> Comment:
    """Runs the command of a host's repository, in a checkout of a pull request."""
    first = repository_with(family, "source_repository", "github", "product")
    set_up(first)
    (tmp_path / "elsewhere").mkdir()
    # One host's interface is not where its repositories are.
    (tmp_path / "elsewhere" / "sitecustomize.py").write_text(
        "import os\nimport httpx\n"
        "real = httpx.Client.__init__\n"
        "def begin(self, **words):\n"
        "    if 'bitbucket' in words['base_url']:\n"
        "        words['base_url'] = os.environ['INTERFACE']\n"
        "    real(self, **words)\n"
        "httpx.Client.__init__ = begin\n"
    )
    (tmp_path / "build").mkdir()
    call("git", "init", "--quiet", at=tmp_path)
    call("git", "remote", "add", "origin", "x", at=tmp_path)

    def run(review: Review, page: str, **more: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / PAGE).write_text(page, "utf-8")
        # Checked out as some hosts do it, with the key of the job.
        origin = f"{review.url}/team/{NAME}.git".replace("://", "://job:key@")
        call("git", "remote", "set-url", "origin", origin, at=tmp_path)
        folder = repository_with(family, "source_repository", review.host, "product")
        given = {"PAGE": PAGE, "PULL_REQUEST": "12", TOKEN: SECRET, "INTERFACE": review.url}
        places = os.pathsep.join([str(folder / "src"), str(tmp_path / "elsewhere")])
        done = subprocess.run(
            [first / ".venv/bin/python", "-m", "flight_delays_product.comment"],
            cwd=tmp_path,
            env={**surroundings(), **given, "PYTHONPATH": places, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert SECRET not in done.stdout + done.stderr + json.dumps(review.comments)
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.mark.parametrize("name", HOSTS)
def test_a_page_is_one_comment_that_is_kept_up_to_date(name: str, comment: Comment) -> None:
    with played(Review(name, NAME)) as review:
        review.add("ada", "Looks good.")
        first = comment(review, "# First\n")
        assert first.returncode == 0, first.stderr
        assert first.stdout.startswith(f"commented: {review.url}/")
        for number in range(120):  # a long talk: the host shows it by pages
            review.add("ada", f"And {number}?")
        second = comment(review, "# Second\n")
        assert second.returncode == 0, second.stderr
        own = [text for text in review.texts if "flight-delays-product changes.md" in text]
        assert len(own) == 1 and "# Second" in own[0] and "# First" not in own[0]
        assert first.stdout == second.stdout
        assert len(review.comments) == 122
        assert review.tokens == {SECRET}


@pytest.mark.parametrize("name", HOSTS)
def test_what_somebody_else_wrote_is_not_taken_for_it(name: str, comment: Comment) -> None:
    """Whoever wrote it could change it afterwards."""
    with played(Review(name, NAME)) as review:
        planted = f"[//]: # ({NAME} changes.md)\n\nNothing to see.\n"
        review.add("mallory", planted)
        review.add("ada", "> " + planted)
        for page in ("# First\n", "# Second\n"):
            done = comment(review, page)
            assert done.returncode == 0, done.stderr
        assert review.texts[0] == planted
        assert len(review.comments) == 3 and "# Second" in review.texts[2]


@pytest.mark.parametrize(("name", "author"), [("github", "ours[bot]"), ("gitea", "gitea-actions")])
def test_the_token_of_a_run_finds_its_own_again(name: str, author: str, comment: Comment) -> None:
    with played(Review(name, NAME, author=author, person=False)) as review:
        review.add("mallory", f"[//]: # ({NAME} changes.md)\n\nNothing to see.\n")
        for page in ("# First\n", "# Second\n"):
            assert comment(review, page).returncode == 0
        assert [one["author"] for one in review.comments] == ["mallory", author]
        assert "# Second" in review.texts[1]


@pytest.mark.parametrize(
    ("name", "longest"),
    [("bitbucket", 32_768), ("gitea", 65_536), ("github", 65_536), ("gitlab", 1_000_000)],
)
def test_a_long_page_is_cut_at_the_limit_of_the_host(
    name: str, longest: int, comment: Comment
) -> None:
    with played(Review(name, NAME)) as review:
        assert comment(review, "# Long\n" + "a line of it\n" * 100_000).returncode == 0
        (text,) = review.texts
        assert longest - 100 < len(text) <= longest
        assert f"Cut after {longest} characters" in text.partition("# Long")[0]


def test_a_host_without_html_gets_none(comment: Comment) -> None:
    page = "<details><summary>one</summary>\n\n| a | <code>&#60;b&#62;</code> |\n\n</details>\n"
    with played(Review("bitbucket", NAME)) as review:
        assert comment(review, page).returncode == 0
        (text,) = review.texts
        assert text.endswith("**one**\n\n| a | &#60;b&#62; |\n\n\n")


@pytest.mark.parametrize("name", HOSTS)
def test_a_token_without_the_right_is_said_in_a_line(name: str, comment: Comment) -> None:
    with played(Review(name, NAME, refuses=True)) as review:
        done = comment(review, "# First\n")
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert "answers 403 to POST" in line and "give the token the rights" in line
        assert not review.comments


def test_a_fork_without_the_right_fails_nothing(
    family: Family, comment: Comment, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    head = {"head": {"repo": {"full_name": f"ada/{NAME}"}}}
    event.write_text(json.dumps({"pull_request": head}), "utf-8")
    runner = {
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_REPOSITORY": f"team/{NAME}",
        "GITHUB_EVENT_PATH": str(event),
        "PYTHONPATH": str(repository(family, "github-actions", "product") / "src"),
        "PULL_REQUEST": "",
    }
    with played(Review("github", NAME, person=False, refuses=True)) as review:
        done = comment(review, "# First\n", **runner)
        assert done.returncode == 0, done.stderr
        assert done.stdout == (
            "no comment: a fork's pull request has no right to one; the page is with the run\n"
        )
        event.write_text(json.dumps({"pull_request": {"head": {"repo": None}}}), "utf-8")
        assert comment(review, "# First\n", **runner).returncode == 0
        head["head"]["repo"]["full_name"] = f"team/{NAME}"
        event.write_text(json.dumps({"pull_request": head}), "utf-8")
        assert comment(review, "# First\n", **runner).returncode == 1, "it could be mended"


EVENT = {"pull_request": {"head": {"repo": {"full_name": "team/here"}}}}
HERE = {"GITHUB_SERVER_URL": "https://host", "GITHUB_REPOSITORY": "team/here"}
ACTIONS = {**HERE, "GITHUB_REF": "refs/pull/12/merge", "GITHUB_RUN_ID": "3"}
# Of each dialect: what its runner says, where the run is, and what it says of a fork besides.
KNOWN: dict[str, tuple[dict[str, str], str, dict[str, str]]] = {
    "azure-pipelines": (
        {
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "987654",
            "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "12",
            "SYSTEM_PULLREQUEST_ISFORK": "False",
            "SYSTEM_COLLECTIONURI": "https://dev/team/",
            "SYSTEM_TEAMPROJECT": "Flight delays",
            "BUILD_BUILDID": "3",
        },
        "https://dev/team/Flight%20delays/_build/results?buildId=3",
        {"SYSTEM_PULLREQUEST_ISFORK": "True"},
    ),
    "bitbucket-pipelines": (
        {
            "BITBUCKET_PR_ID": "12",
            "BITBUCKET_GIT_HTTP_ORIGIN": "https://host/team/here",
            "BITBUCKET_BUILD_NUMBER": "3",
        },
        "https://host/team/here/pipelines/results/3",
        {},
    ),
    "gitea-actions": (ACTIONS, "https://host/team/here/actions", {"FORK": "ada/here"}),
    "github-actions": (ACTIONS, "https://host/team/here/actions/runs/3", {"FORK": "ada/here"}),
    "gitlab-ci": (
        {
            "CI_MERGE_REQUEST_IID": "12",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
            "CI_JOB_URL": "https://host/job/3",
        },
        "https://host/job/3",
        {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"},
    ),
    "jenkins": (
        {"CHANGE_ID": "12", "BUILD_URL": "https://ci/job/3/"},
        "https://ci/job/3/",
        {"CHANGE_FORK": "ada/here"},
    ),
}


def knows(family: Family, name: str, given: Mapping[str, str], folder: Path) -> Any:
    """What a dialect's job finds out about its pull request."""
    python = family.repository("product")
    set_up(python)
    event = folder / "event.json"
    fork = {"head": {"repo": {"full_name": given["FORK"]}}} if "FORK" in given else {}
    event.write_text(json.dumps({"pull_request": EVENT["pull_request"] | fork}), "utf-8")
    code = (
        "import dataclasses, json, os; from flight_delays_product.request import request; "
        "print(json.dumps(dataclasses.astuple(request(os.environ))))"
    )
    about = {"GITHUB_EVENT_PATH": str(event)} if "GITHUB_REF" in given else {}
    done = subprocess.run(
        [python / ".venv/bin/python", "-c", code],
        cwd=repository(family, name, "product"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "src", **about, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_runner_says_which_pull_request_it_is(name: str, family: Family, tmp_path: Path) -> None:
    given, run, fork = KNOWN[name]
    assert knows(family, name, given, tmp_path) == ["12", run, False]
    if fork:
        assert knows(family, name, given | fork, tmp_path) == ["12", run, True]
    assert knows(family, name, {}, tmp_path)[0] == ""


# What a job is given in each dialect, in the words of that dialect; in two all jobs see it.
GIVEN = {
    "azure-pipelines": f"{TOKEN}: $({TOKEN})",
    "gitea-actions": f"{TOKEN}: ${{{{ github.token }}}}",
    "github-actions": f"{TOKEN}: ${{{{ github.token }}}}",
    "jenkins": f"credentialsId: '{TOKEN}'",
}


@pytest.mark.parametrize("role", ["product", "platform"])
@pytest.mark.parametrize("name", DIALECTS)
def test_each_page_of_a_change_becomes_a_comment(name: str, role: str, family: Family) -> None:
    """After the page, passed or not, and by nobody who needs no comment."""
    folder = repository(family, name, role)
    jobs = DIALECTS[name].jobs(folder)
    pages = [job for job in jobs.values() if CHANGE in job.when and job.report]
    assert len(pages) == (1 if role == "product" else 2)
    for job in jobs.values():
        expected = {f"make comment PAGE={job.report}"} if job in pages else set()
        assert job.anyway == expected
        assert job not in pages or job.commands[-1] in expected
    content = (folder / DIALECTS[name].path).read_text("utf-8")
    assert content.count(GIVEN.get(name, TOKEN)) == (len(pages) if name in GIVEN else 0)
    if name == "jenkins":  # what a fork runs is its own
        assert content.count("if (env.CHANGE_FORK == null) {") == len(pages)


def test_the_other_repositories_do_not_comment(family: Family) -> None:
    for name in DIALECTS:
        content = (repository(family, name, "training") / DIALECTS[name].path).read_text("utf-8")
        assert "comment" not in content.lower()


def test_it_can_be_done_by_hand(family: Family) -> None:
    for role in ("product", "platform"):
        makefile = (family.repository(role) / "Makefile").read_text("utf-8")
        assert "[PAGE=file PULL_REQUEST=number]" in makefile
