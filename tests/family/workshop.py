"""What the tests of the family share: a template of their own, and the commands under test."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLE = CHECKOUT / "examples" / "flight-delays" / "product.yaml"
ROLES = ("product", "data-engineering", "training", "serving", "monitoring", "platform")
# The file through which a technology's files come.
SOCKET = "{%@ yield file from technology_files"
OWN = frozenset({".git", "ninefold.lock"})


def environment(home: Path, checkout: Path, **more: str) -> dict[str, str]:
    """A person's environment without this one's Git settings; ninefold from the given checkout."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "COPIER_CACHE_DIR": str(home / "copier"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONPATH": os.pathsep.join([str(checkout / "generator"), kept.get("PYTHONPATH", "")]),
        **more,
    }


class Workshop:
    """A home folder, a template repository, and the two programs."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.template = template

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "ninefold", *map(str, arguments)]

    def environment(self, **more: str) -> dict[str, str]:
        return environment(self.home, self.template, **more)

    def ninefold(self, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def new(self, *arguments: str | Path, spec: Path = EXAMPLE, **more: str) -> str:
        """Render a family that must succeed; answer what was printed."""
        done = self.ninefold("new", spec, *arguments, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def copier(self, *arguments: str | Path, cwd: Path | None = None) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "copier", *map(str, arguments)],
            cwd=cwd or self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def git(self, folder: Path, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=Tester", "-c", "user.email=tester@localhost", *arguments],
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.rstrip("\n")

    def commit(self, folder: Path, message: str = "Change") -> str:
        self.git(folder, "add", "--all")
        self.git(folder, "commit", "--quiet", "-m", message)
        return self.git(folder, "rev-parse", "HEAD")


def add_toy(workshop: Workshop, name: str, brings: Mapping[str, Any]) -> None:
    """A feature store in one folder of a template, which its training repository knows."""
    stacks = workshop.template / "stacks" / "ninefold_stacks"
    folder = stacks / "feature_store" / name
    scaffold = folder / "scaffold" / "training" / "src" / "__package__"
    scaffold.mkdir(parents=True)
    (scaffold / f"{name}.py.jinja").write_text(f'"""Port of {name} in {{@ package @}}."""\n')
    (folder / "README.md").write_text(f"# {name}\n")
    described = {
        "name": name,
        "summary": "A toy",
        "homepage": "https://example.com",
        "licence": "Apache-2.0",
        "status": "maintained",
        "slots": {"feature_store": {}},
        "targets": ["local", "kubernetes"],
        "needs": [],
        # Whatever its neighbours ask a feature store for.
        "offers": sorted(
            {need for path in stacks.glob("*/*/technology.yaml") for need in needs(path)}
        ),
        "contributes": {"training": dict(brings)},
    }
    save(described, folder / "technology.yaml")
    regenerate = (
        "from pathlib import Path; from ninefold.catalog import load, write; "
        "write(load(Path()), Path('templates/catalog'))"
    )
    subprocess.run(
        [sys.executable, "-c", regenerate],
        cwd=workshop.template, env=workshop.environment(), check=True,
    )  # fmt: skip


def needs(technology: Path) -> list[str]:
    found: list[str] = load(technology).get("needs") or []
    return found


# Nothing is rendered from them, and every test would clone them.
UNUSED = ("benchmarks/", "docs/", "tests/")


def copy_checkout(into: Path) -> None:
    """What is rendered from, as it stands, uncommitted changes included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        source, target = CHECKOUT / name, into / name
        if source.is_file() and not (name.startswith(UNUSED) or "/rendered/" in name):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def cut_down(template: Path) -> None:
    """Leave the questions and a handful of files: enough where only the way they come counts."""
    kept = {"{@ _copier_conf.answers_file @}.jinja", ".gitignore.jinja", "product.yaml.jinja"}
    for role in ROLES:
        for path in (template / "templates" / role).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in kept and not path.name.startswith(SOCKET):
                path.unlink()
        program = template / "templates" / role / "program.sh"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every rendered file by its path: mode and bytes."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in OWN
    }


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def save(document: Mapping[str, Any], path: Path) -> Path:
    path.write_text(yaml.safe_dump(dict(document), sort_keys=False), encoding="utf-8")
    return path


def beside(target: Path) -> list[str]:
    """Names in the folder around a target: anything unexpected was left behind."""
    return sorted(path.name for path in target.parent.iterdir())
