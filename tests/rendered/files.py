"""What can be said of rendered files without running them."""

import compileall
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import yaml

RUFF = (("format", "--check", "--diff", "."), ("check", "--quiet", "."))


def changes(folder: Path) -> list[str]:
    """What ruff would change in a folder or objects to, by the folder's own rules."""
    found = []
    for arguments in RUFF:
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            found.append(f"{folder.name}: {done.stdout}{done.stderr}")
    return found


def unread(repository: Path) -> Iterator[str]:
    """What does not compile; raises at a document that cannot be read, or is no schema."""
    for top in ("src", "tests"):
        if not compileall.compile_dir(repository / top, quiet=1):
            yield f"{repository.name}/{top}: does not compile"
    for file in repository.rglob("*"):
        if file.suffix == ".toml":
            tomllib.loads(file.read_text(encoding="utf-8"))
        elif file.suffix in {".yaml", ".yml"}:
            list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
        elif file.suffix in {".json", ".ipynb"}:
            document = json.loads(file.read_text(encoding="utf-8"))
            if file.name.endswith(".schema.json"):
                jsonschema.Draft202012Validator.check_schema(document)
