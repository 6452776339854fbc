"""What takes how long: the loop's steps from their run records, and rendering against Copier alone.

`make bench` reads the demo's state when there is one; give another with `--state FOLDER`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "examples" / "flight-delays" / "product.yaml"
DEMO = ROOT / "build" / "demo" / "flight-delays" / "state" / "dev"
ROLES = ("product", "data-engineering", "training", "serving", "monitoring", "platform")


def steps(state: Path) -> str:
    """The last run of each step: seconds and peak memory."""
    records = [
        json.loads(path.read_text(encoding="utf-8")) for path in state.glob("runs/*/latest.json")
    ]
    records.sort(key=lambda record: record["started"])
    lines = ["| step | seconds | peak MB |", "|---|---:|---:|"]
    lines += [
        f"| {record['step']} | {record['seconds']:.1f} | {record['peak_memory_bytes'] / 1e6:.0f} |"
        for record in records
    ]
    total = sum(record["seconds"] for record in records)
    peak = max((record["peak_memory_bytes"] for record in records), default=0)
    return "\n".join([*lines, f"| **all** | **{total:.1f}** | **{peak / 1e6:.0f}** |"])


def rendering(rounds: int) -> str:
    """`ninefold new` for the family against six times `copier copy`."""
    ours = _median(_new, rounds)
    theirs = _median(_six_copies, rounds)
    return "\n".join(
        [
            "| rendering the family | seconds |",
            "|---|---:|",
            f"| `ninefold new`, six repositories with first commits | {ours:.1f} |",
            f"| `copier copy`, six times | {theirs:.1f} |",
            f"| ratio | {ours / theirs:.2f} |",
        ]
    )


def _median(work: Callable[[Path], None], rounds: int) -> float:
    def once() -> float:
        with tempfile.TemporaryDirectory(prefix="ninefold-bench-") as folder:
            start = time.monotonic()
            work(Path(folder))
            return time.monotonic() - start

    return statistics.median(once() for _ in range(rounds))


def _new(folder: Path) -> None:
    _call("ninefold", "new", str(SPEC), "--into", str(folder / "family"))


def _six_copies(folder: Path) -> None:
    for role in ROLES:
        fixed = ("copy", "--defaults", "--quiet", "--vcs-ref", "HEAD", "--data-file", str(SPEC))
        _call("copier", *fixed, "-d", f"role={role}", str(ROOT), str(folder / role))


def _call(module: str, *arguments: str) -> None:
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=DEMO, help="a family's state folder")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions; the median is shown")
    chosen = parser.parse_args(arguments)
    print(rendering(chosen.rounds))
    print()
    if chosen.state.is_dir():
        print(steps(chosen.state))
    else:
        print(f"no runs in {chosen.state}; `make demo` makes them")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
