"""What must not stand in the repository, and where it is looked for."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

CHECKOUT = Path(__file__).resolve().parents[2]
STACKS = PurePosixPath("stacks/ninefold_stacks")
# Where technologies may be named: beside their own folders.
EXEMPT = (
    "benchmarks/",
    "docs/",
    "examples/",
    "templates/catalog/",
    "templates/pins.yaml",
    "stacks/ninefold_stacks/pinned.yaml",
    "tests/",
    "uv.lock",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
)
# Names that stand for more than a choice: what the platform is built on, and a family's dialect.
ALLOWED = {
    "pulumi": ("pyproject.toml", "stacks/", "templates/platform/", "generator/ninefold/machine.py"),
    # A host gives its pipelines their name.
    "bitbucket": ("stacks/ninefold_stacks/cicd/bitbucket_pipelines/",),
    "gitea": ("stacks/ninefold_stacks/cicd/gitea_actions/",),
    "github": (
        "stacks/ninefold_stacks/cicd/github_actions/",
        "stacks/ninefold_stacks/cicd/gitea_actions/",  # it speaks the same language
    ),
    "gitlab": ("stacks/ninefold_stacks/cicd/gitlab_ci/",),
    # The engine of every transformation, and the dialect of the expressions in a spec.
    "duckdb": ("generator/ninefold/", "stacks/ninefold_stacks/feature_store/feast/", "templates/"),
    # A service whose rules for names hold for every bucket, and the scheme of an address in one.
    "s3": (
        "generator/ninefold/names.py",
        "stacks/ninefold_stacks/feature_store/feast/",
        "stacks/ninefold_stacks/foundation/aws/",
        "stacks/ninefold_stacks/model_registry/mlflow/",
        "templates/platform/",
    ),
    # What a server of another makes is built with it: it stands in the versions of its image.
    "flask": ("stacks/ninefold_stacks/model_registry/mlflow/pins.yaml",),
}
# Names that are English words: they count where code compares or picks them, not in a sentence.
WORDS = {"processes"}
# Addresses of projects and the name of a folder say nothing about the choice.
ORDINARY = ("github.com", ".github", "gitlab.com")


@dataclass(frozen=True)
class Place:
    """A word found in a line of a file."""

    path: str
    line: int
    word: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word}"


def tracked(root: Path = CHECKOUT) -> list[str]:
    """The files that Git knows or would add."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in done.stdout.split("\0") if name and (root / name).is_file())


def text(root: Path, name: str) -> str:
    """A file's text; empty for what is none."""
    try:
        return (root / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def technologies(root: Path = CHECKOUT) -> dict[str, set[str]]:
    """The name of every technology, with the folders that are its own."""
    found: dict[str, set[str]] = {}
    for path in (root / STACKS).glob("*/*/technology.yaml"):
        folder = path.parent.relative_to(root).as_posix() + "/"
        found.setdefault(path.parent.name.replace("_", "-"), set()).add(folder)
    return found


def _pattern(name: str) -> re.Pattern[str]:
    """The name as a whole identifier, however it is written in code."""
    if name in WORDS:
        return re.compile(rf"[\"'/]{name}[\"'/]")
    spelled = "[-_ ]?".join(map(re.escape, name.split("-")))
    return re.compile(rf"(?<![A-Za-z0-9_.-]){spelled}(?![A-Za-z0-9])", re.IGNORECASE)


def named(root: Path, names: Iterable[str]) -> Iterator[Place]:
    """Technologies that are named outside their own folders."""
    own = technologies(root)
    patterns = {name: _pattern(name) for name in own}
    for path in names:
        if path.startswith(EXEMPT):
            continue
        lines = text(root, path).splitlines()
        for name, pattern in patterns.items():
            if path.startswith((*own[name], *ALLOWED.get(name, ()))):
                continue
            for number, line in enumerate(lines, start=1):
                for word in ORDINARY:
                    line = line.replace(word, "")
                if pattern.search(line):
                    yield Place(path, number, name)


def matching(root: Path, names: Iterable[str], pattern: re.Pattern[str]) -> Iterator[Place]:
    """Lines that hold a pattern."""
    for path in names:
        for number, line in enumerate(text(root, path).splitlines(), start=1):
            if found := pattern.search(line):
                yield Place(path, number, found.group(0))
