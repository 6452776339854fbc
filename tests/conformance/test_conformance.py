"""Every technology passes its component's suite, and the suite fails on every broken one.

A suite runs inside the environment of a rendered repository that uses the technology. A broken
case overlays the package's port; the tests that its file `expect` names must then fail.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from rendering import CHECKOUT, Family, copy, repository_with, set_up

HERE = Path(__file__).parent
STACKS = CHECKOUT / "stacks" / "ninefold_stacks"


@dataclass(frozen=True)
class Suite:
    """One component's suite, or one slot's, as its conformance.yaml describes it."""

    folder: Path
    role: str
    ports: tuple[str, ...]

    @property
    def name(self) -> str:
        return "-".join(self.folder.relative_to(HERE).parts)

    @property
    def component(self) -> str:
        return self.folder.relative_to(HERE).parts[0]

    def technologies(self) -> list[str]:
        """Those that bring one of the ports to the role."""
        found = STACKS.glob(f"{self.component}/*/scaffold/{self.role}/src/__package__/*.jinja")
        names = {path.parents[4].name for path in found if path.stem in self.ports}
        return sorted(names)

    def broken(self) -> list[str]:
        return sorted(path.parent.name for path in self.folder.glob("broken/*/expect"))


def read(path: Path) -> Suite:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Suite(path.parent, document["role"], tuple(document["ports"]))


SUITES = [read(path) for path in sorted(HERE.rglob("conformance.yaml"))]


def results(suite: Suite, repository: Path, package: str, report: Path, **more: str) -> str:
    """Run the suite in the repository's environment; answer what it printed."""
    environment = {
        **{key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"},
        "CONFORMANCE_PACKAGE": package,
        "PYTHONDONTWRITEBYTECODE": "1",
        **{key: value for key, value in more.items() if key != "only"},
    }
    tests = suite.folder / "suite"
    command = [
        *("uv", "run", "--frozen", "--quiet", "--directory", str(repository)),
        *("python", "-m", "pytest", str(tests), f"--rootdir={tests}", f"--confcutdir={tests}"),
        *("-c", str(repository / "pyproject.toml"), "-p", "no:cacheprovider"),
        *("-o", "addopts=", f"--junitxml={report}", "-k", more.get("only", "")),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    return done.stdout


def failed(report: Path) -> tuple[set[str], set[str]]:
    """Names of all tests, and of those that did not pass, without their parameters."""
    everything, bad = set(), set()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = case.get("name", "").partition("[")[0]
        everything.add(name)
        if any(child.tag in {"failure", "error", "skipped"} for child in case):
            bad.add(name)
    return everything, bad


@pytest.mark.parametrize(
    ("suite", "technology"),
    [pytest.param(suite, each, id=f"{suite.name}-{each}")
     for suite in SUITES for each in suite.technologies()],
)  # fmt: skip
def test_technology_conforms(suite: Suite, technology: str, family: Family, tmp_path: Path) -> None:
    repository = repository_with(family, suite.component, technology, suite.role)
    set_up(repository)
    report = tmp_path / "report.xml"
    printed = results(suite, repository, family.package(suite.role), report)
    assert report.is_file(), printed
    everything, bad = failed(report)
    assert everything, printed
    assert not bad, printed


@pytest.mark.parametrize(
    ("suite", "case"),
    [pytest.param(suite, each, id=f"{suite.name}-{each}")
     for suite in SUITES for each in suite.broken()],
)  # fmt: skip
def test_suite_fails_on_a_broken_technology(
    suite: Suite, case: str, family: Family, tmp_path: Path
) -> None:
    repository, package = family.repository(suite.role), family.package(suite.role)
    set_up(repository)
    overlay = suite.folder / "broken" / case
    expected = set((overlay / "expect").read_text(encoding="utf-8").split())
    source = copy(repository / "src", tmp_path / "src")
    for path in sorted(overlay.rglob("*")):
        if path.is_file() and path.name != "expect":
            target = source / package / path.relative_to(overlay)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    report = tmp_path / "report.xml"
    printed = results(
        suite, repository, package, report, PYTHONPATH=str(source), only=" or ".join(expected)
    )
    assert report.is_file(), printed
    everything, bad = failed(report)
    assert expected <= everything, f"no such tests: {expected - everything}\n{printed}"
    assert expected <= bad, f"the suite did not notice: {expected - bad}\n{printed}"


def test_every_suite_has_broken_cases_and_a_technology() -> None:
    assert SUITES
    lacking = [one.name for one in SUITES if not one.broken() or not one.technologies()]
    assert not lacking
