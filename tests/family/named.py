"""What the documents name: commands, verbs, files and settings. Each must be there to be named."""

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import yaml

from ninefold import catalog, cli

from workshop import CHECKOUT, ROLES

STACKS = CHECKOUT / "stacks" / "ninefold_stacks"
_BLOCK = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
_REPOSITORY = re.compile(rf".*-({'|'.join(sorted(ROLES, key=len, reverse=True))})$")
_FILE = re.compile(r"[\w.][\w./-]*\.(?:py|md|ya?ml|json|toml|html|jinja|parquet|ipynb)")
_FOLDER = re.compile(r"[\w.][\w./-]*/")
_SETTING = re.compile(r"<PREFIX>_([A-Z]+)")
_STEP = re.compile(r"\bname=\"([\w-]+)\"|^    \"([\w-]+)\": \"[\w.]+:\w+\",$", re.MULTILINE)
# Before a command: what is set for it, and what starts it.
_BEFORE = re.compile(r"^(?:[A-Z_]+=\S*\s+)*(?:uv run (?:--frozen )?)?")
# A part of a path that stands for any name.
_ANY = re.compile(r"[A-Z]+(?:\.\w+)?|\.?")
# Files that readers bring themselves.
_THEIRS = frozenset({"my-product.yaml"})


def pages() -> list[Path]:
    """Everything that is written for readers; what is made from the code needs no test."""
    found = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md"]
    found += sorted((CHECKOUT / "docs").rglob("*.md"))
    found += sorted((CHECKOUT / "examples").glob("*/README.md"))
    found += sorted(STACKS.glob("*/*/README.md"))
    return [page for page in found if "generated" not in page.parts]


class House:
    """What there is to be named: this checkout, and a family that was rendered from it."""

    def __init__(self, family: Path) -> None:
        self.family = family
        self.technologies = catalog.load().technologies

    def faults(self, page: Path) -> Iterator[str]:
        """What a page names and nothing has."""
        text = page.read_text(encoding="utf-8")
        for link in _LINK.findall(text):
            generated = "generated/" in link  # made when the documentation is built
            if not generated and not (page.parent / link).exists():
                yield f"link to {link}"
        for block in _BLOCK.findall(text):
            for line in block.replace("\\\n", " ").splitlines():
                yield from self._of_line(line)
        for span in _INLINE.findall(_BLOCK.sub("", text)):
            yield from self._of_span(span)

    def _of_line(self, line: str) -> Iterator[str]:
        """Of a line to be typed: calls are whole, and are read as the programs read them."""
        for call in re.split(r"&|;|\||>|\bdo\b", line.partition(" #")[0]):
            yield from self._of_call(call.strip(), whole=True)
        for name in _SETTING.findall(line):
            yield from self._of_setting(name)

    def _of_span(self, span: str) -> Iterator[str]:
        if " " in span or span.startswith("<"):
            yield from self._of_call(re.sub(r"\s*\[.*\]", "", span), whole=False)
        elif (_FILE.fullmatch(span) or _FOLDER.fullmatch(span)) and not self._has(span):
            yield f"`{span}`"
        for name in _SETTING.findall(span):
            yield from self._of_setting(name)

    def _of_call(self, call: str, *, whole: bool) -> Iterator[str]:
        with contextlib.suppress(ValueError):  # a sentence with an apostrophe is no command
            words = shlex.split(_BEFORE.sub("", call))
            if not words:
                return
            name = words[0].replace("<product>", "x")
            repository = _REPOSITORY.fullmatch(name)
            if words[0] == "ninefold" and words[1:]:
                yield from self._of_ninefold(words[1:], whole=whole)
            elif words[0] == "make":
                yield from self._of_make(words[1:])
            elif repository and words[1:] and words[1] not in self._steps(repository[1]):
                yield f"`{call}`: no such command"

    def _of_ninefold(self, words: list[str], *, whole: bool) -> Iterator[str]:
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
                cli._parser(words).parse_args(words)
        except SystemExit as end:
            if not end.code:  # --help
                return
            lacking = "arguments are required" in said.getvalue()
            if whole or not lacking:
                yield f"`ninefold {' '.join(words)}`: {said.getvalue().splitlines()[-1:]}"

    def _of_make(self, words: list[str]) -> Iterator[str]:
        parser = argparse.ArgumentParser(exit_on_error=False)
        parser.add_argument("-C")
        given, verbs = parser.parse_known_args(words)
        place = _REPOSITORY.fullmatch((given.C or "").rstrip("/"))
        for verb in verbs:
            if "=" not in verb and verb not in self._verbs(place[1] if place else None):
                yield f"`make {' '.join(words)}`: no verb {verb}"

    def _of_setting(self, name: str) -> Iterator[str]:
        if name != "SETTING" and not re.search(rf"_{name}\b|_{name}_", self._text):
            yield f"`<PREFIX>_{name}`"

    def _verbs(self, role: str | None) -> set[str]:
        """Of a role's repository with any technology; without a role, of all and of this one."""
        found: set[str] = set()
        roles = ROLES if role is None else (role,)
        files = [self._repository(each) / "Makefile" for each in roles]
        for path in [*files, *([CHECKOUT / "Makefile"] if role is None else [])]:
            found |= set(re.findall(r"^([a-z-]+):", path.read_text(encoding="utf-8"), re.MULTILINE))
        for technology in self.technologies:
            for each, contribution in technology.description.contributes.items():
                if each in roles:
                    found |= {verb.target for verb in contribution.make}
        return found

    def _steps(self, role: str) -> set[str]:
        """Every step and command of a role's repository."""
        found = {"run", "preview", "up", "destroy", "export"} if role == "platform" else {"run"}
        for name in ("pipeline.yaml", "round.yaml"):
            path = CHECKOUT / "templates" / "shared" / name
            steps = yaml.safe_load(path.read_text(encoding="utf-8"))
            found |= {step["name"] for step in steps if step["role"] == role}
        for path in (self._repository(role) / "src").glob("*/steps.py"):
            for pair in _STEP.findall(path.read_text(encoding="utf-8")):
                found |= set(pair)
        return found

    def _repository(self, role: str) -> Path:
        return self.family / f"flight-delays-{role}"

    def _has(self, name: str) -> bool:
        """A file or folder that is here, or that some step writes: its parts stand in the code."""
        if name in _THEIRS or f"/{name.rstrip('/')}\n" in self._paths:
            return True
        parts = [part for part in name.split("/") if not _ANY.fullmatch(part)]
        return all(f'"{part}"' in self._text or f"/{part}" in self._text for part in parts)

    @cached_property
    def _paths(self) -> str:
        """Every path; those of templates as they are rendered."""
        found = list(CHECKOUT.iterdir())
        for folder in (
            "benchmarks",
            "docs",
            "examples",
            "generator",
            "stacks",
            "templates",
            "tests",
        ):
            found += (CHECKOUT / folder).rglob("*")
        found += [path for role in ROLES for path in self._repository(role).rglob("*")]
        names = [path.as_posix() for path in found]
        return "\n".join([*names, *(name.removesuffix(".jinja") for name in names), ""])

    @cached_property
    def _text(self) -> str:
        """All code that is rendered, what technologies bring, and what measures."""
        found = [path for role in ROLES for path in self._repository(role).rglob("*")]
        found += [*STACKS.rglob("*"), *(CHECKOUT / "benchmarks").rglob("*.py")]
        ends = (".py", ".jinja", ".yaml", ".toml", "Makefile", ".gitignore")
        return "\n".join(
            path.read_text(encoding="utf-8") for path in found if path.name.endswith(ends)
        )
