"""Where the code is hosted, and how its host is asked; a token is never shown, nor kept."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from .faults import Fault

TOKEN: Final = "AIRPORT_WEATHER_FAMILY_TOKEN"  # noqa: S105  # its name

# What a host says to a token that may not, or that is not to know.
NOT_ALLOWED: Final = (401, 403, 404)


class Refused(Fault):
    """The host does not let this token do it."""


@dataclass(frozen=True)
class Place:
    """A server, and whose the repositories are there: an organisation, a group, a workspace."""

    server: str
    owner: str


@dataclass(frozen=True)
class Request:
    """A pull request that is checked, and where: empty what is not known."""

    number: str = ""
    run: str = ""
    foreign: bool = False
    """Whether it comes from a fork, whose job may change nothing here."""


def place(origin: str = "") -> Place:
    """Where this repository comes from; raises `Fault` where that cannot be said."""
    address = origin or origin_url()
    parts = urlsplit(address if "://" in address else f"ssh://{address.replace(':', '/', 1)}")
    owner = parts.path.strip("/").rpartition("/")[0]
    if not parts.hostname or not owner:
        raise Fault(
            f"`{parts.hostname or address}` is no address of a repository at a host; "
            "git remote set-url origin https://HOST/OWNER/REPOSITORY.git"
        )
    web = parts.scheme in ("http", "https")
    port = f":{parts.port}" if web and parts.port else ""
    return Place(f"{parts.scheme if web else 'https'}://{parts.hostname}{port}", owner)


def known_token(name: str = TOKEN) -> str:
    """What opens the host, or nothing.

    A service of pipelines writes the name of a variable that is not set into it.
    """
    given = os.environ.get(name, "")
    return "" if given == f"$({name})" else given


def token(what_for: str) -> str:
    """What opens the host; raises `Fault` where none is given."""
    given = known_token()
    if not given:
        raise Fault(f"the host is not open; set {TOKEN} to a token that may {what_for}")
    return given


def ask(
    client: httpx.Client,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    settled: tuple[int, ...] = (),
) -> Any:
    """What the host answers; `None` for a status that settles the matter. Raises `Fault`."""
    try:
        answer = client.request(method, path, json=body)
    except httpx.HTTPError as error:
        raise Fault(f"{client.base_url.host} cannot be reached ({error}); try again") from error
    if answer.status_code in settled:
        return None
    if not answer.is_success:
        kind = Refused if answer.status_code in NOT_ALLOWED else Fault
        raise kind(
            f"{client.base_url.host} answers {answer.status_code} to {method} {path}: "
            f"{answer.text[:200].strip() or 'nothing more'}; {_remedy(answer.status_code)}"
        )
    return answer.json() if answer.content else None


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "give the token the rights that the page of the host names"
    if status == 404:
        return "is it there, and may the token see it? Then run this again"
    return "mend what it names, and run this again"


def origin_url() -> str:
    """Where this repository is fetched from, without the key of a job that some hosts put there."""
    done = subprocess.run(
        ["git", "remote", "get-url", "origin"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Fault(
            "this repository has no host yet; git remote add origin "
            "https://HOST/OWNER/REPOSITORY.git"
        )
    address = done.stdout.strip()
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
