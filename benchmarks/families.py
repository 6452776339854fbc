"""What several benchmarks need: families with other technologies, and tables."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from machine import ROOT

SPEC = ROOT / "examples" / "flight-delays" / "product.yaml"


def render(into: Path, technologies: Mapping[str, str], only: Sequence[str]) -> Path:
    """The flight example with other technologies by slot (`training.compute`), some roles only."""
    document = yaml.safe_load(SPEC.read_text("utf-8"))
    # What is compared runs on a laptop; beyond it the family has no more than a foundation.
    document["environments"]["staging"]["layers"] = ["foundation"]
    orchestration = document["technologies"]["orchestration"]
    document["technologies"]["orchestration"] = orchestration["local"]
    for slot, name in technologies.items():
        component, _, inner = slot.partition(".")
        if inner:
            document["technologies"][component][inner] = name
        else:
            document["technologies"][component] = name
    spec = into.with_name(f"{into.name}.yaml")
    spec.parent.mkdir(parents=True, exist_ok=True)
    spec.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    command = [sys.executable, "-m", "ninefold", "new", str(spec), "--into", str(into)]
    call([*command, "--only", ",".join(only)], ROOT)
    return into


def environment() -> dict[str, str]:
    """Ours, without our virtual environment: each repository runs in the one that it made."""
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


def call(command: Sequence[str], folder: Path) -> None:
    """Run a command quietly; what it said when it failed ends the benchmark."""
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise SystemExit(f"error: {' '.join(command)}: {said[-600:]}")


def verdict(found: str, *, met: bool) -> str:
    """A figure beside its goal."""
    return f"{found}: {'met' if met else '**missed**'}"


def table(header: str, rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; `header` is its first line without the outer bars."""
    count = header.count("|") + 1
    rule = "|".join(["---", *["---:"] * (count - 1)])
    return "\n".join([f"| {header} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)])
