"""GitHub's interface: pull requests."""

from typing import Any
from urllib.parse import quote

import httpx

from .hosting import Place, ask

BRANCH = "main"


def client(place: Place, token: str) -> httpx.Client:
    """An open line to the host; the caller closes it."""
    own = "https://api.github.com"  # a server of one's own has it below its address
    return httpx.Client(
        base_url=own if place.server == "https://github.com" else f"{place.server}/api/v3",
        headers={"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"},
        timeout=30,
    )


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
