"""A family in a folder: the package as it is, its two ports replaced, for tests with processes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conftest import (
    KEYS,
    package,
    row,
)

import flight_delays_serving
from flight_delays_serving.settings import PREFIX

# The two ports that a service and a step need, on files of the state folder.
REGISTRY: Final = """
from pathlib import Path
import shutil
from dataclasses import dataclass
from .faults import Fault

@dataclass(frozen=True)
class ModelVersion:
    version: str
    digest: str

def current(settings, alias):
    name = settings.state / "versions" / alias
    version = name.read_text() if name.exists() else None
    return version

def load(settings, alias, into):
    version = current(settings, alias)
    if version is None:
        raise Fault("no model has the alias champion")
    shutil.copytree(settings.state / "versions" / version, into)
    return ModelVersion(version, "")
"""
FEATURES: Final = """
import json
import pandas as pd

class UnknownEntity(Exception):
    pass

def online(settings, keys, now):
    rows = json.loads((settings.state / "rows.json").read_text())
    unknown = [key for key in keys if key not in rows]
    if unknown:
        raise UnknownEntity("unknown: " + ", ".join(unknown))
    return pd.DataFrame([rows[key] for key in keys])

def historical(settings, entities):
    keys = entities["flight_id"].tolist()
    return entities.join(online(settings, keys, None))
"""


@dataclass
class Family:
    """A state folder and the package with its ports on that folder."""

    root: Path

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.root / "state"

    def add(self, version: str, **how: Any) -> None:
        """A version that becomes the champion."""
        package(self.state / "versions" / version, **how)
        self.promote(version)

    def promote(self, version: str) -> None:
        """Move the alias."""
        partial = self.state / "versions" / ".champion"
        partial.write_text(version, "utf-8")
        partial.replace(partial.with_name("champion"))

    def command(self, *words: str) -> list[str]:
        """A command of the package."""
        return [sys.executable, "-m", "flight_delays_serving", *words]

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of the process."""
        own = {"PYTHONPATH": str(self.root / "code"), f"{PREFIX}_STATE": str(self.state)}
        return {**os.environ, **own}

    def call(self, words: Sequence[str], **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*words),
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


def build(root: Path) -> Family:
    """A family without a model, whose stores know `KEYS`."""
    source = Path(flight_delays_serving.__file__).parent
    code = root / "code" / source.name
    shutil.copytree(source, code, ignore=shutil.ignore_patterns("__pycache__"))
    (code / "registry.py").write_text(REGISTRY, "utf-8")
    (code / "features.py").write_text(FEATURES, "utf-8")
    family = Family(root)
    (family.state / "versions").mkdir(parents=True)
    rows = {key: row(number) for number, key in enumerate(KEYS)}
    (family.state / "rows.json").write_text(json.dumps(rows), "utf-8")
    return family
