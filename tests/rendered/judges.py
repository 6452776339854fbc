"""Judges of pipelines: each a command that fails on what it objects to."""

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import programs

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"


def actionlint() -> Path | None:
    """The judge built from its Go module, or None where there is no Go."""
    return programs.go(ACTIONLINT)


GROOVY_LINT = {"npm-groovy-lint": "18.0.0"}
NODE = "22.23.3"
# What a declarative pipeline repeats by its nature, and what only classes have.
GROOVY_RULES = {
    "extends": "recommended-jenkinsfile",
    "rules": {
        "dry.DuplicateMapLiteral": "off",
        "dry.DuplicateNumberLiteral": "off",
        "dry.DuplicateStringLiteral": "off",
    },
}


def groovy_lint() -> list[str] | None:
    """The judge of Jenkinsfiles in a folder, or None where it cannot be had."""
    if not shutil.which("npm") or not shutil.which("java"):
        return None
    folder = programs.cache() / f"npm-groovy-lint@{GROOVY_LINT['npm-groovy-lint']}"
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    node = f"node-{sys.platform}-{machine}"
    program = folder / "node_modules" / node / "bin" / "node"
    if not program.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        document = {"private": True, "dependencies": {**GROOVY_LINT, node: NODE}}
        (folder / "package.json").write_text(json.dumps(document), encoding="utf-8")
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--silent")
        done = subprocess.run(["npm", "install", *quiet], cwd=folder, check=False, timeout=600)
        if done.returncode != 0 or not program.is_file():
            return None
    rules = folder / "rules" / ".groovylintrc.json"
    rules.parent.mkdir(exist_ok=True)
    rules.write_text(json.dumps(GROOVY_RULES), encoding="utf-8")
    return [
        str(program),
        str(folder / "node_modules" / "npm-groovy-lint" / "lib" / "index.js"),
        *("--noserver", "--failon", "info", "--config", str(rules.parent)),
        *("--files", "**/Jenkinsfile", "--path"),
    ]


def _beside_python(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _schema(name: str, *more: str) -> list[str]:
    return [_beside_python("check-jsonschema"), "--builtin-schema", f"vendor.{name}", *more]


def schemas() -> Mapping[str, Sequence[str]]:
    """The judge of each dialect that has a published schema."""
    workflows = _schema("github-workflows")
    return {
        # A pattern in it is no regular expression of the strict kind.
        "azure-pipelines": _schema("azure-pipelines", "--regex-variant", "python"),
        "bitbucket-pipelines": _schema("bitbucket-pipelines"),
        "gitea-actions": workflows,
        "github-actions": workflows,
        "gitlab-ci": _schema("gitlab-ci"),
    }


def commands() -> dict[str, list[str]]:
    """Each judge's command; the files are its last arguments."""
    found = {
        "zizmor": [
            _beside_python("zizmor"),
            *("--offline", "--no-progress", "--quiet", "--persona", "auditor"),
        ],
    }
    if program := actionlint():
        found["actionlint"] = [str(program), "-shellcheck=", "-pyflakes="]
    return found


def judge(command: Sequence[str], *workflows: Path) -> tuple[bool, str]:
    """Do they pass, and what was said?"""
    files = map(str, workflows)
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said  # a judge that broke has found nothing
    return done.returncode == 0, said
