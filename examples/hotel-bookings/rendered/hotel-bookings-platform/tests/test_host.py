"""The rules reach the host for every repository, and what is missing is said with its remedy."""

from collections.abc import Iterator

import httpx
import pytest

from hotel_bookings_platform import host, hosting, protect
from hotel_bookings_platform.faults import Fault
from hotel_bookings_platform.hosting import TOKEN, Place, place

ORIGIN = "https://git.example.org/team/platform.git"
SECRET = "s3cret"  # pragma: allowlist secret
# What is asked for first is there, in the form of any of its answers.
KNOWN = {
    "id": 7,
    "permission": "read",
    "values": [],
    "push_access_levels": [],
    "merge_access_levels": [],
}
LISTS = ("/rulesets", "/teams", "/collaborators")


class Recorder:
    """A host that takes notes, and answers everything with one status."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Note the request."""
        self.asked.append(request)
        many = request.method == "GET" and request.url.path.endswith(LISTS)
        return httpx.Response(self.status, json=[] if many else KNOWN)

    def changed(self) -> list[httpx.Request]:
        """What was more than a question."""
        return [one for one in self.asked if one.method != "GET"]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """The host, with a token and an address."""
    made = Recorder()
    real = host.client

    def client(where: Place, token: str) -> httpx.Client:
        opened = real(where, token)
        transport = httpx.MockTransport(made)
        return httpx.Client(base_url=opened.base_url, headers=opened.headers, transport=transport)

    monkeypatch.setattr(host, "client", client)
    monkeypatch.setattr(hosting, "origin_url", lambda: ORIGIN)
    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.delenv("REPOSITORY", raising=False)
    monkeypatch.delenv("CHECK", raising=False)
    monkeypatch.delenv("RELEASER", raising=False)
    yield made


def test_every_repository_gets_its_rules(
    recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert protect.main() == 0
    shown = capsys.readouterr().out
    for name in protect.OWNERS:
        assert any(name in str(one.url) for one in recorder.changed()), name
        assert f"{name}: the rules of main are set" in shown
    assert SECRET not in shown
    for request in recorder.asked:
        assert SECRET in " ".join(request.headers.values())
        assert SECRET not in str(request.url) + request.content.decode()


def test_one_repository_may_be_named(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *others = protect.OWNERS
    monkeypatch.setenv("REPOSITORY", first)
    assert protect.main() == 0
    assert not any(name in str(one.url) for one in recorder.asked for name in others)
    monkeypatch.setenv("REPOSITORY", "moon")
    assert protect.main() == 1
    assert f"no repository moon; REPOSITORY is one of {first}" in capsys.readouterr().err


def test_checks_have_their_names_or_those_that_are_given(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []

    def noted(_: httpx.Client, __: object, checks: list[str]) -> list[str]:
        given.append(checks)
        return []

    monkeypatch.setattr(host, "protect", noted)
    monkeypatch.setenv("CHECK", "one, another,")
    assert protect.main() == 0
    assert given == [["one", "another"]] * len(protect.OWNERS)
    monkeypatch.delenv("CHECK")
    given.clear()
    assert protect.main() == 0
    assert given == list(protect.CHECKS.values())


def test_without_a_token_nothing_is_asked(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(TOKEN)
    assert protect.main() == 1
    assert f"error: the host is not open; set {TOKEN}" in capsys.readouterr().err
    assert not recorder.asked


@pytest.mark.parametrize(("status", "remedy"), [(401, "give"), (404, "is it there"), (422, "mend")])
def test_a_refusal_is_shown_with_its_remedy(
    recorder: Recorder, capsys: pytest.CaptureFixture[str], status: int, remedy: str
) -> None:
    recorder.status = status
    assert protect.main() == 1
    shown = capsys.readouterr().err
    assert f"answers {status} to" in shown
    assert f"; {remedy}" in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("origin", "server", "owner"),
    [
        (ORIGIN, "https://git.example.org", "team"),
        ("git@git.example.org:group/below/platform.git", "https://git.example.org", "group/below"),
        ("ssh://git@git.example.org:2222/team/platform", "https://git.example.org", "team"),
        # pragma: allowlist nextline secret
        ("https://robot:key@git.example.org:8443/team/x", "https://git.example.org:8443", "team"),
    ],
)
def test_the_host_is_read_off_the_address(origin: str, server: str, owner: str) -> None:
    assert place(origin) == Place(server, owner)


@pytest.mark.parametrize("origin", ["/srv/platform.git", "https://key@git.example.org/platform"])
def test_an_address_without_an_owner_is_refused(origin: str) -> None:
    with pytest.raises(Fault, match="git remote set-url origin") as caught:
        place(origin)
    assert "key" not in str(caught.value)
