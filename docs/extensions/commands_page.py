"""The reference of the command line: what `--help` of every command says."""

import os
import subprocess
import sys

from ninefold.cli import COMMANDS

INTRODUCTION = """\
# Commands

What `ninefold COMMAND --help` says. Exit status: 0 done, 1 something is wrong with what was looked
at, 2 the call or the spec must be mended, 130 interrupted.
"""


def pages() -> dict[str, str]:
    """The page by its name."""
    sections = [f"## ninefold {name}\n\n```text\n{_help(name)}```\n" for name in COMMANDS]
    return {"commands.md": "\n".join([INTRODUCTION, f"```text\n{_help()}```\n", *sections])}


def _help(*words: str) -> str:
    command = (sys.executable, "-m", "ninefold", *words, "--help")
    environment = {**os.environ, "COLUMNS": "100"}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return answer.stdout
