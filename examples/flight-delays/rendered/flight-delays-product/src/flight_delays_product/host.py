"""GitHub's interface: pull requests, comments."""

from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx

from .hosting import Place, ask

BRANCH = "main"
# The longest comment, in characters.
LONGEST = 65_536


def client(place: Place, token: str) -> httpx.Client:
    """An open line to the host; the caller closes it."""
    own = "https://api.github.com"  # a server of one's own has it below its address
    return httpx.Client(
        base_url=own if place.server == "https://github.com" else f"{place.server}/api/v3",
        headers={"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"},
        timeout=30,
    )


def comment(client: httpx.Client, path: str, number: str, mark: str, text: str) -> str:
    """Comment on a pull request, or bring the own comment of this mark up to date; its address."""
    comments = f"/repos/{path}/issues/{number}/comments"
    # The token of a run is no person's, and only such tokens write as bots.
    person: dict[str, Any] | None = ask(client, "GET", "/user", settled=(403,))
    key, name = ("login", person["login"]) if person else ("type", "Bot")
    for one in _all(client, f"{comments}?per_page=100"):
        if str(one["body"]).startswith(mark) and (one["user"] or {}).get(key) == name:
            place = f"/repos/{path}/issues/comments/{one['id']}"
            return str(ask(client, "PATCH", place, {"body": text})["html_url"])
    return str(ask(client, "POST", comments, {"body": text})["html_url"])


def _all(client: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """What the host lists by pages of a hundred."""
    for page in count(1):
        found: list[dict[str, Any]] = ask(client, "GET", f"{path}&page={page}")
        yield from found
        if len(found) < 100:
            return


def propose(client: httpx.Client, path: str, branch: str, title: str, text: str) -> str:
    """Open a pull request, or bring the open one of this branch up to date; its address."""
    requests, owner = f"/repos/{path}/pulls", path.partition("/")[0]
    query = f"{requests}?state=open&head={quote(f'{owner}:{branch}')}"
    known: list[dict[str, Any]] = ask(client, "GET", query)
    body = {"title": title, "body": text}
    if known:
        return str(ask(client, "PATCH", f"{requests}/{known[0]['number']}", body)["html_url"])
    new = {**body, "head": branch, "base": BRANCH}
    return str(ask(client, "POST", requests, new)["html_url"])
