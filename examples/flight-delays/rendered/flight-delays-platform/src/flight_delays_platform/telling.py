"""Tells the host of the code what differs: one open issue for each environment, nothing mended."""

from pathlib import Path
from typing import Final

from . import host
from .hosting import TOKEN, known_token, place

NAME: Final = "flight-delays-platform"


def tell(environment: str, page: Path) -> None:
    """Open the issue, or bring it up to date; without a token say what is missing."""
    token = known_token()
    if not token:
        print(f"no issue is opened: {TOKEN} is not set")
        return
    where = place()
    with host.client(where, token) as client:
        text = f"{page.read_text('utf-8')}\n`make up` takes it back, a commit makes it the rule.\n"
        path = f"{where.owner}/{NAME}"
        print(f"told: {host.report(client, path, f'Drift in {environment}', text)}")
