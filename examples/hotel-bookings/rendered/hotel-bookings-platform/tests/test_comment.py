"""A page becomes one comment of a pull request, and what is missing is said in a line."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hotel_bookings_platform import comment, host, hosting
from hotel_bookings_platform.comment import NAME, TOKEN, fitting
from hotel_bookings_platform.hosting import Place, Request

SECRET = "s3cret"  # pragma: allowlist secret
ADDRESS = "https://git.example.org/comment/7"
# What is asked for first is there, in the form of any of its answers.
KNOWN = {
    "id": 7,
    "login": "robot",
    "html_url": ADDRESS,
    "web_url": ADDRESS,
    "links": {"html": {"href": ADDRESS}},
}


class Host:
    """A host without comments that takes notes, and answers everything with one status."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Note the request."""
        self.asked.append(request)
        many = request.method == "GET" and request.url.path.endswith(("/comments", "/notes"))
        return httpx.Response(self.status, json={} if many else KNOWN)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Host]:
    """The host, with a token, a page and a pull request."""
    made, real = Host(), host.client

    def client(where: Place, token: str) -> httpx.Client:
        opened = real(where, token)
        transport = httpx.MockTransport(made)
        return httpx.Client(base_url=opened.base_url, headers=opened.headers, transport=transport)

    monkeypatch.setattr(host, "client", client)
    monkeypatch.setattr(hosting, "origin_url", lambda: "https://git.example.org/team/here.git")
    (tmp_path / "page.md").write_text("# It changes\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAGE", "page.md")
    monkeypatch.setenv("PULL_REQUEST", "12")
    monkeypatch.setenv(TOKEN, SECRET)
    yield made


def test_the_page_becomes_a_comment(noted: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert comment.main() == 0
    (sent,) = (one for one in noted.asked if one.method != "GET")
    assert "/12/" in str(sent.url) and NAME in str(sent.url)
    assert "# It changes" in sent.content.decode()
    shown = capsys.readouterr()
    assert shown.out.startswith("commented: https://git.example.org/comment/7")
    assert SECRET not in shown.out + shown.err + sent.content.decode() + str(sent.url)


def test_without_a_token_the_page_stays_with_the_run(
    noted: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(TOKEN, f"$({TOKEN})")  # as a service may pass what is not set
    assert comment.main() == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"no comment: {TOKEN} is not set") and "page.md is with the run" in line
    assert not noted.asked


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("PAGE", "", "which page? make comment PAGE="),
        ("PAGE", "other.md", "make it first"),
        ("PULL_REQUEST", "", "which pull request? make comment"),
        ("PULL_REQUEST", "../../12", "which pull request? make comment"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(
    noted: Host,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    remedy: str,
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(comment, "request", lambda _: Request())
    assert comment.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and remedy in line
    assert not noted.asked


@pytest.mark.parametrize(("status", "remedy"), [(403, "give the token"), (422, "mend")])
def test_a_refusal_is_shown_with_its_remedy(
    noted: Host, capsys: pytest.CaptureFixture[str], status: int, remedy: str
) -> None:
    noted.status = status
    assert comment.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"answers {status} to" in line and f"; {remedy}" in line
    assert SECRET not in line


def test_a_fork_that_may_not_comment_fails_nothing(
    noted: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PULL_REQUEST")
    monkeypatch.setattr(comment, "request", lambda _: Request("12", "", foreign=True))
    noted.status = 403
    assert comment.main() == 0
    monkeypatch.delenv(TOKEN)
    assert comment.main() == 0
    assert capsys.readouterr().out.splitlines() == [comment.FOREIGN, comment.FOREIGN]


def test_a_run_that_left_no_page_says_so(noted: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the run before it left would be taken for its own."""
    run = "https://git.example.org/run/3"
    monkeypatch.delenv("PULL_REQUEST")
    monkeypatch.setenv("PAGE", "build/other.md")
    monkeypatch.setattr(comment, "request", lambda _: Request("12", run))
    assert comment.main() == 0
    said = noted.asked[-1].content.decode()
    assert "left no page" in said and run in said


@pytest.mark.parametrize("run", ["", "https://git.example.org/run/3"])
def test_a_long_page_is_cut_and_says_where_the_whole_is(run: str) -> None:
    page = "# Long\n\n```diff\n" + "+ a line of it\n" * 100
    whole = fitting("[//]: # (mark)", page, run, 10_000)
    assert whole.startswith("[//]: # (mark)\n\n") and whole.endswith(page)
    cut = fitting("[//]: # (mark)", page, run, 500)
    assert len(cut) <= 500 and cut.startswith("[//]: # (mark)\n\n")
    head, _, rest = cut.partition("# Long")
    assert "Cut after 500 characters" in head and run in head
    assert rest.splitlines()[-1] == "+ a line of it"
