"""Leaves the page of a job as a comment of the pull request: one for each page, kept up to date.

The page is with the run as well: where a comment is not allowed, nothing is lost and nothing fails.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from . import host
from .faults import Fault
from .hosting import Refused, Request, known_token, place
from .request import request

NAME: Final = "flight-delays-platform"
TOKEN: Final = "FLIGHT_DELAYS_COMMENT_TOKEN"  # noqa: S105  # its name
FOREIGN: Final = "no comment: a fork's pull request has no right to one; the page is with the run"
ABSENT: Final = f"no comment: {TOKEN} is not set, which may comment on pull requests"


def main() -> int:
    """Comment; 0 done, or said why not, 1 with what to mend."""
    try:
        print(_commented(os.environ.get("PAGE", ""), os.environ))
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    return 0


def _commented(page: str, given: Mapping[str, str]) -> str:
    """What became of it, in one line; raises `Fault`."""
    if not page:
        raise Fault("which page? make comment PAGE=build/NAME.md PULL_REQUEST=number")
    now = _request(given)
    if not re.fullmatch("[0-9]+", now.number):
        raise Fault("which pull request? make comment PAGE=... PULL_REQUEST=number")
    token = known_token(TOKEN)
    if not token:
        return FOREIGN if now.foreign else f"{ABSENT}; {page} is with the run"
    text, where = _read(Path(page), now), place()
    path, mark = f"{where.owner}/{NAME}", f"[//]: # ({NAME} {Path(page).name})"
    with host.client(where, token) as client:
        try:
            body = fitting(mark, text, now.run, host.LONGEST)
            return f"commented: {host.comment(client, path, now.number, mark, body)}"
        except Refused:
            if now.foreign:
                return FOREIGN
            raise


def _request(given: Mapping[str, str]) -> Request:
    """The pull request that is named, or the one that the runner knows."""
    if number := given.get("PULL_REQUEST", ""):
        return Request(number)
    return request(given)


def _read(page: Path, now: Request) -> str:
    """The page; a run that left none says so where the page of the one before it stands."""
    try:
        return page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if now.run:
            return f"# {page.stem}\n\nThe run **left no page**: its log says why.\n"
        raise Fault(f"{page} cannot be read ({error}); make it first: see `make help`") from None


def fitting(mark: str, text: str, run: str, longest: int) -> str:
    """The comment: what finds it again and is not shown, where the page is, and the page.

    What is cut off is said before it: the end may stand within code.
    """
    shown = f"[the run](<{run}>)" if run else "the run"
    head = f"{mark}\n\nAlso with {shown}.\n\n"
    if len(head) + len(text) <= longest:
        return head + text
    head = f"{mark}\n\n**Cut after {longest} characters**: the whole page is with {shown}.\n\n"
    return head + text[: longest - len(head)].rpartition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
