"""Run the tiers of tests in order, show their output, and end with a table of times and counts."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import system

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build" / "tiers"
TIERS: dict[str, tuple[str, ...]] = {
    "lint": (),
    "unit": ("tests/unit", "tests/house", "tests/stacks"),
    "family": ("tests/family",),
    "rendered": ("tests/rendered",),
    "conformance": ("tests/conformance/test_conformance.py",),
    "loop": ("tests/loop",),
}
LONG: dict[str, tuple[str, ...]] = {"soak": ("tests/family", "tests/rendered", "tests/loop")}
# What a tier needs of the system: command and the Debian package that holds it.
SYSTEM: dict[str, tuple[tuple[str, str], ...]] = {
    "rendered": (("promtool", "prometheus"),),
    "conformance": (("promtool", "prometheus"),),
}
LINTERS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports", "--no-cache"),
)


@dataclass(frozen=True)
class Outcome:
    """What a tier came to."""

    tier: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""


def run(tier: str) -> Outcome:
    """Run one tier with its output in view."""
    print(f"\n=== {tier}", flush=True)
    start = time.monotonic()
    passed, failed, skipped, note = _lint() if tier == "lint" else _pytest(tier)
    return Outcome(tier, time.monotonic() - start, passed, failed, skipped, note)


def _lint() -> tuple[int, int, int, str]:
    codes = [_call(command) for command in LINTERS]
    # The folders of tests hold modules of the same short names: each is checked by itself.
    for folder in sorted({path.parent for path in (ROOT / "tests").rglob("test_*.py")}):
        if not {"suite", "broken"} & set(folder.parts):
            search = os.pathsep.join(map(str, (folder, ROOT / "tests")))
            files = [str(path.relative_to(ROOT)) for path in sorted(folder.glob("*.py"))]
            codes.append(_call(("mypy", *files), MYPYPATH=search))
    failed = sum(code != 0 for code in codes)
    return len(codes) - failed, failed, 0, ""


def _pytest(tier: str) -> tuple[int, int, int, str]:
    named = TIERS.get(tier) or LONG[tier]
    paths = [path for path in named if (ROOT / path).exists()]
    if not paths:
        print(f"error: tier {tier} has no tests: {', '.join(named)} is missing", file=sys.stderr)
        return 0, 1, 0, "cannot run"
    for program, package in SYSTEM.get(tier, ()):
        system.provide(program, package)
    report = RESULTS / f"{tier}.xml"
    report.unlink(missing_ok=True)
    marks = ("-m", "soak" if tier in LONG else "not soak")
    command = (sys.executable, "-m", "pytest", *marks, f"--junitxml={report}", *paths)
    code = _call(command, PYTHONUNBUFFERED="1")
    passed, failed, skipped = _counts(report)
    if code != 0 and failed == 0:
        failed = 1
    return passed, failed, skipped, "" if passed or failed else "no test ran"


def _call(command: Sequence[str], **more: str) -> int:
    print("$", " ".join(_shown(word) for word in command), flush=True)
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **more}, check=False).returncode


def _shown(word: str) -> str:
    return re.sub(f"^{re.escape(str(ROOT))}/?", "", word) or word


def _counts(report: Path) -> tuple[int, int, int]:
    if not report.is_file():
        return 0, 0, 0
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))

    def total(name: str) -> int:
        return sum(int(suite.get(name, "0")) for suite in suites)

    failed = total("failures") + total("errors")
    return total("tests") - failed - total("skipped"), failed, total("skipped")


def summary(outcomes: Sequence[Outcome]) -> str:
    """The closing table, and the one line that sums it up."""
    lines = ["", f"{'tier':<13}{'time':>8}{'passed':>9}{'failed':>9}{'skipped':>9}"]
    for one in outcomes:
        minutes, seconds = divmod(round(one.seconds), 60)
        counts = f"{one.passed:>9}{one.failed:>9}{one.skipped:>9}"
        lines.append(f"{one.tier:<13}{minutes:>5}:{seconds:02}{counts}  {one.note}".rstrip())
    passed, failed, skipped = (
        sum(getattr(one, name) for one in outcomes) for name in ("passed", "failed", "skipped")
    )
    lines += ["", f"{passed} passed, {failed} failed, {skipped} skipped"]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run all tiers, or those named."""
    wanted = [tier for tier in arguments if tier != "all"] or list(TIERS)
    unknown = [tier for tier in wanted if tier not in {**TIERS, **LONG}]
    if unknown:
        known = ", ".join({**TIERS, **LONG})
        print(f"error: no tier {unknown[0]}; there are {known}", file=sys.stderr)
        return 2
    # A shell that starts us in the background lets us ignore Ctrl-C, and so all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    RESULTS.mkdir(parents=True, exist_ok=True)
    outcomes = [run(tier) for tier in wanted]
    print(summary(outcomes), flush=True)
    ran = sum(one.passed for one in outcomes)
    return 1 if any(one.failed for one in outcomes) or not ran else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
