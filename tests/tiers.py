"""Run the tiers of tests, show their output, and end with a table of times and counts.

A tier alone is seen as it runs. Several share the cores in two lanes: those that start a compute
cluster run one after the other, others beside them and after them, and the heaviest alone in the
end; each writes to `build/tiers/TIER.log`, and its output is shown when it has ended.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

import programs

import system

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build" / "tiers"
TYPES = programs.cache() / "types-lint"
TIERS: dict[str, tuple[str, ...]] = {
    "lint": (),
    "unit": ("tests/unit", "tests/house", "tests/stacks"),
    "family": ("tests/family",),
    "rendered": ("tests/rendered",),
    "pipelines": ("tests/pipelines",),
    "cluster": ("tests/kubernetes",),
    "conformance": ("tests/conformance/test_conformance.py",),
    "compute": ("tests/conformance/test_conformance.py",),
    "swaps": ("tests/swaps",),
    "loop": ("tests/loop",),
    "product": ("tests/kubernetes/test_product.py",),
}
# Tests with these marks are tiers of their own.
MARKS = ("compute", "product")
# They train on a compute cluster, which waits half a minute for its own start and no longer: two at
# once on two cores are too slow for it.
APART = ("compute", "swaps", "loop")
# It builds images of gigabytes, and its pods take all there is: after the others.
ALONE = ("product",)
LONG: dict[str, tuple[str, ...]] = {
    "soak": (
        *("tests/family", "tests/rendered", "tests/loop", "tests/kubernetes"),
        "tests/conformance/test_conformance.py",
    ),
}
# What a tier needs of the system: command and the Debian package that holds it.
SYSTEM: dict[str, tuple[tuple[str, str], ...]] = {
    "pipelines": (("buildah", "buildah"), ("debootstrap", "debootstrap"), ("rsync", "rsync")),
    "rendered": (
        ("buildah", "buildah"),
        ("promtool", "prometheus"),
        ("chromium", "chromium"),
        ("java", "openjdk-17-jre-headless"),
    ),
    "conformance": (
        ("promtool", "prometheus"),
        ("java", "openjdk-17-jre-headless"),
        ("redis-check-rdb", "redis-tools"),
    ),
    "swaps": (("java", "openjdk-17-jre-headless"),),
    "loop": (("java", "openjdk-17-jre-headless"),),
}
# What a tier needs built. It takes minutes on a new machine: it starts with the first tier, and
# takes what time the tiers leave.
BUILD: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("cluster", "product"), ("tests/kubernetes/cluster.py", "build")
)
SHOWING = threading.Lock()
STOPPED = threading.Event()
UNABLE = 3  # the machine cannot; the tests say so, one by one
LINTERS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports", "--no-cache"),
    # Every link of the documentation leads somewhere.
    ("sphinx-build", "-W", "--keep-going", "-q", "-E", "-b", "html", "docs", "build/docs"),
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


class Tier:
    """One tier, its output, and what is built for it in the background."""

    def __init__(
        self,
        name: str,
        out: IO[str],
        build: "subprocess.Popen[bytes] | None",
        *,
        shares: bool = False,
    ) -> None:
        self.name = name
        self.out = out
        self.build = build
        # Others that cannot wait go first.
        self.before = ("nice", "-n", "5") if shares and name not in APART else ()

    def run(self) -> Outcome:
        """Run it."""
        print(f"\n=== {self.name}", file=self.out, flush=True)
        start = time.monotonic()
        result = self._lint() if self.name == "lint" else self._pytest()
        return Outcome(self.name, time.monotonic() - start, *result)

    def _lint(self) -> tuple[int, int, int, str]:
        known = {"MYPY_CACHE_DIR": str(TYPES)}
        codes = [self._call(command, **known) for command in LINTERS]
        # The folders of tests hold modules of the same short names: each is checked by itself.
        for folder in sorted({path.parent for path in (ROOT / "tests").rglob("test_*.py")}):
            if not {"suite", "broken"} & set(folder.parts):
                search = os.pathsep.join(map(str, (folder, ROOT / "tests")))
                files = [str(path.relative_to(ROOT)) for path in sorted(folder.glob("*.py"))]
                codes.append(self._call(("mypy", *files), MYPYPATH=search, **known))
        failed = sum(code != 0 for code in codes)
        return len(codes) - failed, failed, 0, ""

    def _pytest(self) -> tuple[int, int, int, str]:
        named = {**TIERS, **LONG}[self.name]
        paths = [path for path in named if (ROOT / path).exists()]
        if not paths:
            missing = ", ".join(named)
            print(f"error: tier {self.name} has no tests: {missing} is missing", file=self.out)
            return 0, 1, 0, "cannot run"
        if not self._built():
            return 0, 1, 0, "not built"
        report = RESULTS / f"{self.name}.xml"
        report.unlink(missing_ok=True)
        marks = ("-m", _marks(self.name))
        command = (sys.executable, "-m", "pytest", *marks, f"--junitxml={report}", *paths)
        code = self._call(command, PYTHONUNBUFFERED="1")
        passed, failed, skipped = _counts(report)
        if code != 0 and failed == 0:
            failed = 1
        return passed, failed, skipped, "" if passed or failed else "no test ran"

    def _built(self) -> bool:
        if self.build is None:
            return True
        code = self.build.wait()
        _copy(f"{self.name}-build", self.out)
        return code in (0, UNABLE)

    def _call(self, command: Sequence[str], **more: str) -> int:
        print("$", " ".join(_shown(word) for word in command), file=self.out, flush=True)
        return subprocess.run(
            (*self.before, *command),
            cwd=ROOT,
            env={**os.environ, **more},
            stdout=self.out,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def _marks(tier: str) -> str:
    """Which tests of its paths a tier is about."""
    if tier in LONG:
        return tier
    others = [f"not {mark}" for mark in MARKS if mark != tier]
    own = [tier] if tier in MARKS else []
    return " and ".join(["not soak", *own, *others])


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


def all_of(wanted: Sequence[str], jobs: int) -> list[Outcome]:
    """Run several tiers, with two jobs in two lanes; a failure ends none of the others."""
    builds = {tier: _start(tier) for tier in wanted if tier in BUILD}
    if jobs == 1 or len(wanted) == 1:
        return [Tier(tier, sys.stdout, builds.get(tier)).run() for tier in wanted]
    last = [tier for tier in wanted if tier in ALONE]
    shared = [tier for tier in wanted if tier not in ALONE]
    others, apart = (deque(one for one in shared if (one in APART) is it) for it in (False, True))
    print("side by side, the output of each follows when it has ended, and is seen before in")
    order = " | ".join(map(" ".join, filter(None, (others, apart))))
    print(f"{_shown(str(RESULTS))}/TIER.log: {', then '.join(filter(None, (order, *last)))}")
    sys.stdout.flush()
    # Who has none left of those that may not meet helps with the others. A third lane was tried: a
    # compute cluster then takes longer for its start than it waits.
    lanes = ((others,), (apart, others))
    with ThreadPoolExecutor(len(lanes)) as pool:
        try:
            done = [one for lane in pool.map(partial(_lane, builds), lanes) for one in lane]
        except KeyboardInterrupt:
            STOPPED.set()
            raise
    done += _lane(builds, (deque(last),), shares=False)
    return sorted(done, key=lambda one: wanted.index(one.tier))


def _lane(
    builds: "Mapping[str, subprocess.Popen[bytes]]",
    queues: "Sequence[deque[str]]",
    *,
    shares: bool = True,
) -> list[Outcome]:
    outcomes = []
    for queue in queues:
        while not STOPPED.is_set():
            try:
                tier = queue.popleft()
            except IndexError:  # another lane may have taken the last
                break
            outcomes.append(_logged(tier, builds.get(tier), shares))
            with SHOWING:
                _copy(tier, sys.stdout)
    return outcomes


def _logged(tier: str, build: "subprocess.Popen[bytes] | None", shares: bool) -> Outcome:
    with _log(tier).open("w") as out:
        return Tier(tier, out, build, shares=shares).run()


def _log(name: str) -> Path:
    return RESULTS / f"{name}.log"


def _copy(name: str, out: IO[str]) -> None:
    with _log(name).open() as said:
        shutil.copyfileobj(said, out)
    out.flush()


def _start(tier: str) -> "subprocess.Popen[bytes]":
    command = (sys.executable, *BUILD[tier])
    print("$", " ".join(map(_shown, command)), "(in the background)", flush=True)
    with _log(f"{tier}-build").open("w") as out:
        return subprocess.Popen(
            ("nice", "-n", "10", *command), cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )


def provide(tiers: Iterable[str]) -> None:
    """Get what the tiers need of the system, one after the other."""
    for program, package in dict.fromkeys(one for tier in tiers for one in SYSTEM.get(tier, ())):
        system.provide(program, package)


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The tiers that are wanted, and how many at a time."""
    known = ", ".join({**TIERS, **LONG})
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"tiers: {known}")
    parser.add_argument(
        "tiers",
        nargs="*",
        metavar="TIER",
        help=f"all but {', '.join(LONG)}, unless named",
    )
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=2, help="how many at a time")
    asked = parser.parse_args(words)
    asked.tiers = [tier for tier in asked.tiers if tier != "all"] or list(TIERS)
    unknown = [tier for tier in asked.tiers if tier not in {**TIERS, **LONG}]
    if unknown:
        parser.error(f"no tier {unknown[0]}; there are {known}")
    return asked


def main(words: Sequence[str]) -> int:
    """Run all tiers, or those named."""
    asked = arguments(words)
    # A shell that starts us in the background lets us ignore Ctrl-C, and so all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    RESULTS.mkdir(parents=True, exist_ok=True)
    provide(asked.tiers)
    outcomes = all_of(asked.tiers, asked.jobs)
    print(summary(outcomes), flush=True)
    ran = sum(one.passed for one in outcomes)
    return 1 if any(one.failed for one in outcomes) or not ran else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
