"""GitHub's interface: rules of branches, access of teams, issues, comments."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import httpx

from .hosting import Place, Repository, ask

BRANCH = "main"
# The longest comment, in characters.
LONGEST = 65_536
# Whether checks are asked for by their names.
BY_NAME = True


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


def protect(client: httpx.Client, repository: Repository, checks: Sequence[str]) -> Iterator[str]:
    """Let owners in and set the rules of the branch; yields what is left to do by hand."""
    for owner in repository.owners:
        yield from _admit(client, repository.path, owner)
    place = f"/repos/{repository.path}/rulesets"
    known: list[dict[str, Any]] = ask(client, "GET", f"{place}?includes_parents=false")
    number = next((one["id"] for one in known if one["name"] == BRANCH), None)
    past: list[dict[str, Any]] = []
    if repository.releaser:
        past, said = _past(client, repository.releaser)
        yield from said
    elif repository.releaser == "" and number is not None:
        # Who was let past before stays so, unless somebody else is named.
        past = ask(client, "GET", f"{place}/{number}").get("bypass_actors", [])
    review = {
        "required_approving_review_count": 1,
        "require_code_owner_review": True,
        "dismiss_stale_reviews_on_push": True,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    required = {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [{"context": check} for check in checks],
    }
    rules = {
        "name": BRANCH,
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{BRANCH}"], "exclude": []}},
        "bypass_actors": past,
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": review},
            *([{"type": "required_status_checks", "parameters": required}] if checks else []),
        ],
    }
    if number is None:
        ask(client, "POST", place, rules)
    else:
        ask(client, "PUT", f"{place}/{number}", rules)


def _past(client: httpx.Client, releaser: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Who may push without a review: a team (`@organisation/team`), or an app by its name."""
    organisation, _, team = releaser.removeprefix("@").partition("/")
    kind, path = ("Team", f"/orgs/{organisation}/teams/{team}")
    if not team:
        kind, path = ("Integration", f"/apps/{organisation}")
    known: dict[str, Any] | None = ask(client, "GET", path, settled=(404,))
    if known is None:
        left = f"there is neither a team nor an app {releaser}; make it, and run this again"
        return [], [left]
    return [{"actor_id": known["id"], "actor_type": kind, "bypass_mode": "always"}], []


def _admit(client: httpx.Client, path: str, owner: str) -> Iterator[str]:
    name = owner.removeprefix("@")
    if "@" in name:
        yield f"give {owner} the right to write: the host invites addresses on its pages only"
    elif "/" in name:
        organisation, team = name.split("/")
        right = f"/orgs/{organisation}/teams/{team}/repos/{path}"
        # Who may write already keeps what they have: to give this right could take a greater one.
        if team not in _writing(client, f"/repos/{path}/teams", "slug"):
            ask(client, "PUT", right, {"permission": "push"})
    elif name not in _writing(client, f"/repos/{path}/collaborators", "login"):
        ask(client, "PUT", f"/repos/{path}/collaborators/{name}", {"permission": "push"})


def _writing(client: httpx.Client, place: str, key: str) -> set[str]:
    """Those who may write, an owner of the account among them."""
    known: list[dict[str, Any]] = ask(client, "GET", f"{place}?per_page=100", settled=(404,)) or []
    return {one[key] for one in known if one["permissions"]["push"]}


def report(client: httpx.Client, path: str, title: str, text: str) -> str:
    """Open an issue, or bring the open one of this title up to date; its address."""
    query = f"/repos/{path}/issues?state=open&labels=drift&per_page=100"
    known: list[dict[str, Any]] = ask(client, "GET", query)
    number = next((one["number"] for one in known if one["title"] == title), None)
    if number is None:
        new = {"title": title, "body": text, "labels": ["drift"]}
        return str(ask(client, "POST", f"/repos/{path}/issues", new)["html_url"])
    return str(ask(client, "PATCH", f"/repos/{path}/issues/{number}", {"body": text})["html_url"])
