"""Git at a host: it asks nobody, keeps no credentials, and says in a line what went wrong."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from .faults import Fault

NAME: Final = "flight-delays-training"
# How the line begins that says what went wrong, the best first.
TELLING: Final = ("remote:", "fatal:", "error:", "!")
REFUSED: Final = (
    "authentication failed",
    "could not read password",
    "could not read username",
    "error: 403",
    "permission denied",
)


@dataclass(frozen=True)
class Account:
    """Where the URL of a repository is said, and the variables that open it."""

    url: str
    user: str
    token: str


class Git:
    """Git in one folder, with the variables that it is given and an author in any case."""

    def __init__(self, folder: Path, variables: Mapping[str, str], account: Account) -> None:
        self.folder = folder
        self.variables = {**variables, **identity(variables), "LC_ALL": "C"}
        self.account = account

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """What it answers, whether it succeeded or not."""
        return subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def __call__(self, *words: str) -> str:
        """What it answers; raises `Fault` with its last line."""
        done = self.run(*words)
        if done.returncode:
            raise Fault(self.said(words[0], done.stderr))
        return done.stdout.strip()

    def said(self, verb: str, errors: str) -> str:
        """One line on what went wrong, with a remedy."""
        lines = [line.strip() for line in errors.splitlines() if line.strip()]
        telling = [line for word in TELLING for line in lines if line.startswith(word)]
        shown = (telling or lines or ["it says nothing"])[0]
        if token := self.variables.get(self.account.token):
            shown = shown.replace(token, "...")
        remedy = f"is {self.account.url} right, and is it reached from here?"
        if any(word in errors.lower() for word in REFUSED):
            remedy = f"may {self.account.token} write to that repository?"
        return f"git {verb}: {shown}; {remedy}"


def access(given: Mapping[str, str], url: str, account: Account) -> Mapping[str, str]:
    """Git's own helper says the token, to that host only; nothing is written down."""
    said = {"GIT_TERMINAL_PROMPT": "0"}
    if not given.get(account.token) or not url.startswith(("https://", "http://")):
        return said
    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    name, secret = f"${{{account.user}:-git}}", f"${account.token}"
    answer = f'!f() {{ echo "username={name}"; echo "password={secret}"; }}; f'
    settings = (("credential.helper", ""), (f"credential.{host}.helper", answer))
    for number, (key, value) in enumerate(settings):
        said |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**said, "GIT_CONFIG_COUNT": str(len(settings))}


def identity(given: Mapping[str, str]) -> Mapping[str, str]:
    """A machine has no name; a person's own is kept."""
    known = subprocess.run(
        ["git", "config", "--get", "user.email"], env=dict(given), capture_output=True, check=False
    )
    if known.returncode == 0:
        return {}
    return {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", f"{NAME} pipeline"), ("EMAIL", f"{NAME}@localhost"))
    }
