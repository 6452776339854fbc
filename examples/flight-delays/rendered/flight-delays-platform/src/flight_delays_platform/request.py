"""The pull request that a workflow checks, as its runner names it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .hosting import Request


def request(given: Mapping[str, str]) -> Request:
    """Where the workflow runs for none, one without a number."""
    found = re.fullmatch("refs/pull/([0-9]+)/[a-z]+", given.get("GITHUB_REF", ""))
    here = f"{given.get('GITHUB_SERVER_URL')}/{given.get('GITHUB_REPOSITORY')}"
    run = f"{here}/actions/runs/{given.get('GITHUB_RUN_ID')}" if found else ""
    return Request(found[1] if found else "", run, _foreign(given))


def _foreign(given: Mapping[str, str]) -> bool:
    """Whether what is asked to be pulled lies elsewhere; the runner leaves the event in a file."""
    event = Path(given.get("GITHUB_EVENT_PATH", ""))
    if not event.is_file():
        return False
    said: dict[str, Any] = json.loads(event.read_text("utf-8"))
    head: dict[str, Any] = said.get("pull_request", {}).get("head", {})
    # A fork that is gone has no name any more.
    return bool((head.get("repo") or {}).get("full_name") != given.get("GITHUB_REPOSITORY"))
